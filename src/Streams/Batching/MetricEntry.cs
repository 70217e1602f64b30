using OrleansMetrics.Contracts.Points;

namespace OrleansMetrics.Streams.Batching;

/// <summary>A metric that this process has seen: its name, its partition and a dense index for tables.</summary>
public sealed class MetricEntry(byte[] name, MetricKind kind, int partition, int index)
{
    /// <summary>UTF-8 name.</summary>
    public byte[] Name { get; } = name;

    /// <summary>What the values mean.</summary>
    public MetricKind Kind { get; } = kind;

    /// <summary>The partition that the metric belongs to.</summary>
    public int Partition { get; } = partition;

    /// <summary>0, 1, 2 … in the order in which the metrics were seen.</summary>
    public int Index { get; } = index;
}
