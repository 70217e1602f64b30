using OrleansMetrics.Contracts.Points;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>Constants of a snapshot, as docs/formats/snapshot.md describes them.</summary>
internal static class SnapshotFormat
{
    public const uint Magic = 'O' | ('M' << 8) | ('A' << 16);
    public const byte Version = 1;
    public const int HeaderLength = 49;
    public const int TrailerLength = 4;

    /// <summary>Fewest bytes of a series: identity, key length, dropped count, window count.</summary>
    public const int MinSeriesLength = 11;
}

/// <summary>What a snapshot says about the metric as a whole.</summary>
internal readonly record struct SnapshotHeader(long Position, long Watermark, AggregatorCounters Counters, MetricKind Kind);
