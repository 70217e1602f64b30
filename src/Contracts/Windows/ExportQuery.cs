using OrleansMetrics.Contracts.Points;

namespace OrleansMetrics.Contracts.Windows;

/// <summary>Which windows of a metric to export.</summary>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.ExportQuery")]
public sealed record ExportQuery
{
    /// <summary>Windows that start at or after this instant. Null: from the first.</summary>
    [Id(0)] public DateTimeOffset? From { get; init; }

    /// <summary>Windows that start before this instant. Null: through the last that is final.</summary>
    [Id(1)] public DateTimeOffset? To { get; init; }

    /// <summary>Tags that a series must have, each with exactly this value. Empty: all series.</summary>
    [Id(2)] public Tag[] Tags { get; init; } = [];
}
