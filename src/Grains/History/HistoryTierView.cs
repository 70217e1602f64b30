namespace OrleansMetrics.Grains.History;

/// <summary>The chunks of one resolution that a query may need.</summary>
/// <param name="Step">Length of its windows; 0: as they came.</param>
/// <param name="Through">A rollup has what starts before this.</param>
/// <param name="ExpiredThrough">What ended at or before this may be gone.</param>
/// <param name="Chunks">In the order in which they were made.</param>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.HistoryTierView")]
public sealed record HistoryTierView(
    [property: Id(0)] int Step, [property: Id(1)] long Through, [property: Id(2)] long ExpiredThrough, [property: Id(3)] ChunkEntry[] Chunks);
