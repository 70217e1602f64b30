namespace OrleansMetrics.Grains.History.Chunks;

/// <summary>Windows of a series in a chunk.</summary>
/// <param name="Id">Identity of the series.</param>
/// <param name="Key">Canonical key; null: not known when the chunk was written.</param>
/// <param name="Windows">How many.</param>
/// <param name="Offset">Where in the body they are.</param>
/// <param name="Length">Bytes.</param>
internal readonly record struct ChunkSeries(ulong Id, byte[]? Key, int Windows, int Offset, int Length);
