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

    /// <summary>Points accepted through <see cref="Position"/>: those in the log, and <see cref="Offset"/>.</summary>
    [Id(2)] public long PointsThrough { get; set; }

    /// <summary>Highest ingestion time seen.</summary>
    [Id(3)] public long Watermark { get; set; }

    /// <summary>Points of batches that could not be read.</summary>
    [Id(4)] public long Poisoned { get; set; }

    /// <summary>Points of records that were gone from the log before they were read; those of a known metric are in <see cref="MetricState.Lost"/>.</summary>
    [Id(5)] public long Lost { get; set; }

    /// <summary>Points by gateway.</summary>
    [Id(6)] public Dictionary<string, long> ProcessedBy { get; set; } = [];

    /// <summary>The metrics of the partition.</summary>
    [Id(7)] public List<MetricState> Metrics { get; set; } = [];

    /// <summary>Points that are counted here, but no longer by the log, because it has lost the end that held them.</summary>
    [Id(8)] public long Offset { get; set; }

    /// <summary>Position of the last record before which records were missing; 0 when none ever were.</summary>
    [Id(9)] public long LastGap { get; set; }

    /// <summary>
    /// No metric that is not in <see cref="Metrics"/> has anything at or below that counts: it was never there, or is forgotten. At most
    /// <see cref="Checkpoint"/>.
    /// </summary>
    [Id(10)] public long ForgottenThrough { get; set; }

    /// <summary>Metrics that are forgotten, but storage may still have something of them.</summary>
    [Id(11)] public List<ForgottenMetric> Forgetting { get; set; } = [];

    /// <summary>Points accepted of all metrics that are forgotten.</summary>
    [Id(12)] public long ForgottenAccepted { get; set; }

    /// <summary>Those of them that the log lost before a snapshot had them.</summary>
    [Id(13)] public long ForgottenLost { get; set; }

    /// <summary>What their aggregators had done with the others.</summary>
    [Id(14)] public AggregatorCounters ForgottenCounters { get; set; }

    /// <summary>One metric of the catalogue.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Kind">What its values mean.</param>
    /// <param name="Series">Its series.</param>
    /// <param name="Accepted">Its points in the records counted.</param>
    /// <param name="Counters">What its aggregator has done with them.</param>
    /// <param name="NextCloseAt">The watermark at which the next open window of its snapshot becomes final.</param>
    /// <param name="Lost">Points accepted that the log lost before a snapshot had them.</param>
    /// <param name="Gap">Position of a record before which records are missing, while that is not settled for this metric; 0 otherwise.</param>
    /// <param name="HistoryBytes">What its history takes in storage.</param>
    /// <param name="Begin">What it was at or below this position is forgotten.</param>
    /// <param name="EmptyPosition">Position of its snapshot, when that has nothing but counters; 0 otherwise.</param>
    /// <param name="EmptyWatermark">Watermark of that snapshot.</param>
    /// <param name="SnapshotBytes">What its snapshot takes in storage.</param>
    [GenerateSerializer, Immutable, Alias("OrleansMetrics.PartitionState.MetricState")]
    public sealed record MetricState(
        [property: Id(0)] string Name,
        [property: Id(1)] MetricKind Kind,
        [property: Id(2)] int Series,
        [property: Id(3)] long Accepted,
        [property: Id(4)] AggregatorCounters Counters,
        [property: Id(5)] long NextCloseAt,
        [property: Id(6)] long Lost,
        [property: Id(7)] long Gap,
        [property: Id(8)] long HistoryBytes = 0,
        [property: Id(9)] long Begin = 0,
        [property: Id(10)] long EmptyPosition = 0,
        [property: Id(11)] long EmptyWatermark = 0,
        [property: Id(12)] long SnapshotBytes = 0);

    /// <summary>A metric that is forgotten.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Through">What it was at or below this position.</param>
    [GenerateSerializer, Immutable, Alias("OrleansMetrics.PartitionState.ForgottenMetric")]
    public readonly record struct ForgottenMetric([property: Id(0)] string Name, [property: Id(1)] long Through);
}
