namespace OrleansMetrics.Grains.Aggregation;

/// <summary>Windows of an aggregator as a chunk of rows.</summary>
/// <param name="Bytes">The chunk; empty when there are no windows.</param>
/// <param name="Windows">How many.</param>
/// <param name="From">Start of the earliest.</param>
/// <param name="To">End of the latest.</param>
public sealed record RowChunk(byte[] Bytes, int Windows, long From, long To);
