namespace OrleansMetrics.Contracts.Partitions;

/// <summary>Where a partition stands, and its ledger: <c>Accepted = Processed + Σ Dropped + InFlight</c>.</summary>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.PartitionStatus")]
public sealed record PartitionStatus
{
    /// <summary>Metrics named by their size.</summary>
    public const int LargestMetrics = 10;

    /// <summary>Partition number, from 0.</summary>
    [Id(0)] public required int Partition { get; init; }

    /// <summary>The silo on which the partition is active.</summary>
    [Id(1)] public required string Silo { get; init; }

    /// <summary>Position of the last record of the log.</summary>
    [Id(2)] public required long Head { get; init; }

    /// <summary>Position of the last record routed to the aggregators.</summary>
    [Id(3)] public required long Position { get; init; }

    /// <summary>Everything at or below is persisted in snapshots; the log is trimmed up to here.</summary>
    [Id(4)] public required long Checkpoint { get; init; }

    /// <summary>Highest ingestion time among the records routed, Unix milliseconds; 0 before the first.</summary>
    [Id(5)] public required long Watermark { get; init; }

    /// <summary>Points in the log since the partition was created.</summary>
    [Id(6)] public required long Accepted { get; init; }

    /// <summary>Points in aggregates.</summary>
    [Id(7)] public required long Processed { get; init; }

    /// <summary>Points accepted and then left out of the aggregates, by reason (<c>late</c>, <c>poison_batch</c>, <c>series_id_collision</c>, <c>kind_conflict</c>, <c>lost</c>).</summary>
    [Id(8)] public required Dictionary<string, long> Dropped { get; init; }

    /// <summary>Points in the log that the aggregators have not answered for yet.</summary>
    [Id(9)] public required long InFlight { get; init; }

    /// <summary>Whether the ledger of this partition balances.</summary>
    [Id(10)] public required bool Balanced { get; init; }

    /// <summary>Metrics of the partition.</summary>
    [Id(11)] public required int Metrics { get; init; }

    /// <summary>Series of the partition.</summary>
    [Id(12)] public required long Series { get; init; }

    /// <summary>Points routed, by the gateway that processed them.</summary>
    [Id(13)] public required Dictionary<string, long> ProcessedBy { get; init; }

    /// <summary>True while records are read back from the log because the partition is behind.</summary>
    [Id(14)] public required bool Replaying { get; init; }

    /// <summary>Bytes in the log.</summary>
    [Id(15)] public required long LogBytes { get; init; }

    /// <summary>Metrics whose aggregator does not answer at the moment; their points stay in the log.</summary>
    [Id(16)] public required int Stalled { get; init; }

    /// <summary>Records of the log that are not routed yet.</summary>
    [Id(17)] public required long RecordsBehind { get; init; }

    /// <summary>Points in them.</summary>
    [Id(18)] public required long PointsBehind { get; init; }

    /// <summary>Since when records are read back from the log, Unix milliseconds; 0 when <see cref="Replaying"/> is false.</summary>
    [Id(19)] public required long ReplayingSince { get; init; }

    /// <summary>What the history of its metrics takes in storage.</summary>
    [Id(20)] public long HistoryBytes { get; init; }

    /// <summary>Those of <see cref="Processed"/> that are in the overflow series of their metric: it had more series than it may have.</summary>
    [Id(21)] public long Overflowed { get; init; }

    /// <summary>The metrics with most series, at most <see cref="LargestMetrics"/>, the largest first.</summary>
    [Id(22)] public MetricSize[] MostSeries { get; init; } = [];

    /// <summary>The metrics that take most in storage, at most <see cref="LargestMetrics"/>, the largest first.</summary>
    [Id(23)] public MetricSize[] MostStored { get; init; } = [];

    /// <summary>Those of <see cref="Processed"/> that came after their window was final, and corrected it.</summary>
    [Id(24)] public long Corrected { get; init; }
}
