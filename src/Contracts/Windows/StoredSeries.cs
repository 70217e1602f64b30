using OrleansMetrics.Contracts.Points;

namespace OrleansMetrics.Contracts.Windows;

/// <summary>Windows of one series as history keeps them.</summary>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.StoredSeries")]
public sealed record StoredSeries
{
    /// <summary>The tags of the series, each name once.</summary>
    [Id(0)] public required Tag[] Tags { get; init; }

    /// <summary>The windows.</summary>
    [Id(1)] public required StoredWindow[] Windows { get; init; }
}
