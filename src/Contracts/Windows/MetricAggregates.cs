using OrleansMetrics.Contracts.Points;

namespace OrleansMetrics.Contracts.Windows;

/// <summary>A page of the series of a metric.</summary>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.MetricAggregates")]
public sealed record MetricAggregates
{
    /// <summary>Metric name.</summary>
    [Id(0)] public required string Metric { get; init; }

    /// <summary>What the values mean.</summary>
    [Id(1)] public required MetricKind Kind { get; init; }

    /// <summary>The series that match, in the order in which they were first seen.</summary>
    [Id(2)] public required SeriesAggregates[] Series { get; init; }

    /// <summary>Cursor of the next page for <see cref="AggregatesQuery.After"/>; null after the last page.</summary>
    [Id(3)] public string? Next { get; init; }
}
