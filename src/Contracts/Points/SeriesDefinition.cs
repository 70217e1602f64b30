namespace OrleansMetrics.Contracts.Points;

/// <summary>The first mention of a series: its identity and its canonical key.</summary>
public readonly ref struct SeriesDefinition(ulong id, ReadOnlySpan<byte> key)
{
    /// <summary>64-bit identity within the metric: <see cref="Series.SeriesKey.Hash"/> of the key.</summary>
    public ulong Id { get; } = id;

    /// <summary>Canonical key of the series.</summary>
    public ReadOnlySpan<byte> Key { get; } = key;
}
