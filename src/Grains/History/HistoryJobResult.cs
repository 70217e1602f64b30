namespace OrleansMetrics.Grains.History;

/// <summary>What became of a job.</summary>
/// <param name="Created">False: nothing was stored, or it cannot be told.</param>
/// <param name="Output">The new chunk; null: there were no windows.</param>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.HistoryJobResult")]
public sealed record HistoryJobResult([property: Id(0)] bool Created, [property: Id(1)] ChunkEntry? Output);
