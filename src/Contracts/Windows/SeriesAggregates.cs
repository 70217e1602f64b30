using OrleansMetrics.Contracts.Points;

namespace OrleansMetrics.Contracts.Windows;

/// <summary>The aggregates of one series.</summary>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.SeriesAggregates")]
public sealed record SeriesAggregates
{
    /// <summary>The tags of the series, sorted by the UTF-8 bytes of their names.</summary>
    [Id(0)] public required Tag[] Tags { get; init; }

    /// <summary>Lifetime totals.</summary>
    [Id(1)] public required SeriesTotal Total { get; init; }

    /// <summary>Windows in ascending order of start.</summary>
    [Id(2)] public required WindowAggregate[] Windows { get; init; }
}
