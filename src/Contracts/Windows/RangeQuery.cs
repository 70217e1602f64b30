using OrleansMetrics.Contracts.Points;

namespace OrleansMetrics.Contracts.Windows;

/// <summary>Which windows of a metric to read, from now back to the end of its history.</summary>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.RangeQuery")]
public sealed record RangeQuery
{
    /// <summary>Most windows per series.</summary>
    public const int MaxWindows = 11_000;

    /// <summary>Most series, or groups of series, of an answer.</summary>
    public const int MaxLimit = 100_000;

    /// <summary>Windows that end after this instant.</summary>
    [Id(0)] public required DateTimeOffset From { get; init; }

    /// <summary>Windows that start before this instant.</summary>
    [Id(1)] public required DateTimeOffset To { get; init; }

    /// <summary>
    /// Length of the windows wanted, aligned to the Unix epoch, a multiple of the length of a window. Zero: as they are kept. Where history only has longer ones, these are returned.
    /// </summary>
    [Id(2)] public TimeSpan Step { get; init; }

    /// <summary>Tags that a series must have, each with exactly this value. Empty: all series.</summary>
    [Id(3)] public Tag[] Tags { get; init; } = [];

    /// <summary>Names of tags: series with the same values of these are merged. Null: each series by itself; empty: all into one.</summary>
    [Id(4)] public string[]? GroupBy { get; init; }

    /// <summary>Probabilities of the quantiles wanted, each above 0, up to 1. Null: those configured; empty: none, which is cheaper.</summary>
    [Id(5)] public double[]? Quantiles { get; init; }

    /// <summary>Most series or groups, 1 to <see cref="MaxLimit"/>.</summary>
    [Id(6)] public int Limit { get; init; } = 1_000;

    /// <summary>The <see cref="SeriesRange.Cursor"/> of the last series read before; null: from the first. Not with <see cref="GroupBy"/>.</summary>
    [Id(7)] public string? After { get; init; }

    /// <summary>The numbers wanted; fewer are cheaper.</summary>
    [Id(8)] public RangeMembers Members { get; init; } = RangeMembers.All;
}
