using OrleansMetrics.Contracts.Points;

namespace OrleansMetrics.Contracts.Windows;

/// <summary>Which series and windows of a metric to read.</summary>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.AggregatesQuery")]
public sealed record AggregatesQuery
{
    /// <summary>Largest page of series.</summary>
    public const int MaxLimit = 1_000;

    /// <summary>Tags that a series must have, each with exactly this value. Empty: all series.</summary>
    [Id(0)] public Tag[] Tags { get; init; } = [];

    /// <summary>Only windows that end after this instant. Null: no bound.</summary>
    [Id(1)] public DateTimeOffset? From { get; init; }

    /// <summary>Only windows that start before this instant. Null: no bound.</summary>
    [Id(2)] public DateTimeOffset? To { get; init; }

    /// <summary>Only final windows. False: open windows too.</summary>
    [Id(3)] public bool FinalOnly { get; init; }

    /// <summary>Series in a page, 1 to <see cref="MaxLimit"/>.</summary>
    [Id(4)] public int Limit { get; init; } = 100;

    /// <summary>The <see cref="MetricAggregates.Next"/> of the page before; null for the first page.</summary>
    [Id(5)] public string? After { get; init; }
}
