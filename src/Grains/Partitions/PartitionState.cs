using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.Partitions;

/// <summary>What a partition persists with every checkpoint.</summary>
[GenerateSerializer, Alias("OrleansMetrics.PartitionState")]
public sealed class PartitionState
{
    /// <summary>Everything at or below is in persisted snapshots.</summary>
    [Id(0)] public long Checkpoint { get; set; }

    /// <summary>The counters below include every record at or below; at least <see cref="Checkpoint"/>.</summary>
    [Id(1)] public long Position { get; set; }

    /// <summary>Points in the log through <see cref="Position"/>.</summary>
    [Id(2)] public long PointsThrough { get; set; }

    /// <summary>Highest ingestion time seen.</summary>
    [Id(3)] public long Watermark { get; set; }

    /// <summary>Points of batches that could not be read.</summary>
    [Id(4)] public long Poisoned { get; set; }

    /// <summary>Points of records that were gone from the log before they were read.</summary>
    [Id(5)] public long Lost { get; set; }

    /// <summary>Points by gateway.</summary>
    [Id(6)] public Dictionary<string, long> ProcessedBy { get; set; } = [];

    /// <summary>The metrics of the partition.</summary>
    [Id(7)] public List<MetricState> Metrics { get; set; } = [];

    /// <summary>One metric of the catalogue.</summary>
    [GenerateSerializer, Immutable, Alias("OrleansMetrics.PartitionState.MetricState")]
    public sealed record MetricState(
        [property: Id(0)] string Name,
        [property: Id(1)] MetricKind Kind,
        [property: Id(2)] int Series,
        [property: Id(3)] long Accepted,
        [property: Id(4)] AggregatorCounters Counters,
        [property: Id(5)] long NextCloseAt);
}
