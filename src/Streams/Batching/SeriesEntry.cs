namespace OrleansMetrics.Streams.Batching;

/// <summary>A series that this process has seen.</summary>
public sealed class SeriesEntry(MetricEntry metric, ulong id, byte[] key)
{
    private ulong _id = id;

    /// <summary>The metric.</summary>
    public MetricEntry Metric { get; } = metric;

    /// <summary>Identity within the metric.</summary>
    public ulong Id => _id;

    /// <summary>Canonical key.</summary>
    public byte[] Key { get; } = key;

    /// <summary>
    /// The definition period in which the log last took this series' definition. Written after the append, so that a point
    /// that goes without its definition always follows it in the log. Races only repeat a definition.
    /// </summary>
    public int DefinedIn { get; set; } = -1;

    /// <summary>Brings the entry into the processor's cache.</summary>
    internal void Touch() => Volatile.Read(ref _id);
}
