using OrleansMetrics.Contracts.Points;

namespace OrleansMetrics.Contracts.Windows;

/// <summary>The windows of one series, or of a group of series, in a range of time.</summary>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.SeriesRange")]
public sealed record SeriesRange
{
    /// <summary>For <see cref="RangeQuery.After"/>; null for a group.</summary>
    [Id(0)] public required string? Cursor { get; init; }

    /// <summary>The tags of the series, or those by which it was grouped, sorted by the UTF-8 bytes of their names.</summary>
    [Id(1)] public required Tag[] Tags { get; init; }

    /// <summary>Windows in ascending order of start; those without points are not there.</summary>
    [Id(2)] public required WindowColumns Windows { get; init; }
}
