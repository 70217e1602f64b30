using OrleansMetrics.Contracts.Points;

namespace OrleansMetrics.Contracts.Windows;

/// <summary>Windows of one metric that come from elsewhere.</summary>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.WindowImport")]
public sealed record WindowImport
{
    /// <summary>Most windows of one import.</summary>
    public const int MaxWindows = 100_000;

    /// <summary>What the values mean.</summary>
    [Id(0)] public required MetricKind Kind { get; init; }

    /// <summary>The series; one may be there more than once. No point may be in two windows.</summary>
    [Id(1)] public required StoredSeries[] Series { get; init; }
}
