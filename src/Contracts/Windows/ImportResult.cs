using OrleansMetrics.Contracts.Points;

namespace OrleansMetrics.Contracts.Windows;

/// <summary>What became of an import.</summary>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.ImportResult")]
public sealed record ImportResult
{
    /// <summary>Most refusals listed; the others are only counted.</summary>
    public const int MaxListed = 100;

    /// <summary>How it ended; the counts below are all of it only when <see cref="ImportStatus.Done"/>.</summary>
    [Id(0)] public required ImportStatus Status { get; init; }

    /// <summary>What the values of the metric mean in this cluster.</summary>
    [Id(1)] public required MetricKind Kind { get; init; }

    /// <summary>Windows that history has now.</summary>
    [Id(2)] public int Imported { get; init; }

    /// <summary>Windows whose series has windows at that time already.</summary>
    [Id(3)] public int AlreadyThere { get; init; }

    /// <summary>Windows that are older than anything that is kept of the metric.</summary>
    [Id(4)] public int Expired { get; init; }

    /// <summary>Windows that were refused.</summary>
    [Id(5)] public int Refused { get; init; }

    /// <summary>The first of them.</summary>
    [Id(6)] public RefusedWindow[] Errors { get; init; } = [];
}
