namespace OrleansMetrics.Contracts.Partitions;

/// <summary>What a metric takes.</summary>
/// <param name="Metric">Its name.</param>
/// <param name="Series">Its series.</param>
/// <param name="SnapshotBytes">Its last snapshot in storage.</param>
/// <param name="HistoryBytes">Its history in storage.</param>
/// <param name="Overflowed">Its points in the overflow series.</param>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.MetricSize")]
public readonly record struct MetricSize(
    [property: Id(0)] string Metric,
    [property: Id(1)] int Series,
    [property: Id(2)] long SnapshotBytes,
    [property: Id(3)] long HistoryBytes,
    [property: Id(4)] long Overflowed);
