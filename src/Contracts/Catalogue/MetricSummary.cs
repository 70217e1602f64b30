using OrleansMetrics.Contracts.Points;

namespace OrleansMetrics.Contracts.Catalogue;

/// <summary>One metric of the catalogue.</summary>
/// <param name="Name">Metric name.</param>
/// <param name="Kind">What the values mean.</param>
/// <param name="Series">Series seen.</param>
/// <param name="Points">Points aggregated since the metric was first seen.</param>
/// <param name="HistoryBytes">What its history takes in storage.</param>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.MetricSummary")]
public sealed record MetricSummary(
    [property: Id(0)] string Name, [property: Id(1)] MetricKind Kind, [property: Id(2)] int Series, [property: Id(3)] long Points,
    [property: Id(4)] long HistoryBytes = 0);
