using OrleansMetrics.Contracts.Points;

namespace OrleansMetrics.Streams.Batching;

/// <summary>A metric that this process has seen: its name, its partition, a dense index for tables, and what kind it is as far as is known here.</summary>
/// <remarks>
/// The metric's aggregator decides its kind. What is known here keeps most points of another kind out of the log, so that their sender is told; it lapses, because
/// the metric may be forgotten and come back as something else.
/// </remarks>
public sealed class MetricEntry(byte[] name, int partition, int index)
{
    /// <summary>Definition periods after that in which it was last heard of for which a kind is believed.</summary>
    private const int KindPeriods = 1;
    private const int KindBits = 8;

    /// <summary>The kind plus one, and the definition period in which it was last heard of; 0: it is not known.</summary>
    private long _kind;

    /// <summary>UTF-8 name.</summary>
    public byte[] Name { get; } = name;

    /// <summary>The partition that the metric belongs to.</summary>
    public int Partition { get; } = partition;

    /// <summary>0, 1, 2 … in the order in which the metrics were seen.</summary>
    public int Index { get; } = index;

    /// <summary>What the metric is, as far as is known; null: it is not.</summary>
    /// <param name="period">The definition period now.</param>
    public MetricKind? KindIn(int period)
    {
        var kind = Volatile.Read(ref _kind);
        return kind == 0 || period - (kind >> KindBits) > KindPeriods ? null : (MetricKind)(byte)(kind - 1);
    }

    /// <summary>The log has taken points that name a kind. Changes nothing when another one is known.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="period">The definition period now.</param>
    public void LearnKind(MetricKind kind, int period)
    {
        if (KindIn(period) is null || KindIn(period) == kind)
        {
            SetKind(kind, period);
        }
    }

    /// <summary>The metric's aggregator has said what it is.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="period">The definition period now.</param>
    public void SetKind(MetricKind kind, int period) => Volatile.Write(ref _kind, ((long)period << KindBits) | (byte)(kind + 1));
}
