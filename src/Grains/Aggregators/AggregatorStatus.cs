using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.Aggregators;

/// <summary>Where an aggregator stands.</summary>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.AggregatorStatus")]
public readonly record struct AggregatorStatus
{
    /// <summary>False when the slice was not applied because slices before it are missing; send those after <see cref="Position"/> again.</summary>
    [Id(0)] public required bool Applied { get; init; }

    /// <summary>Last position applied.</summary>
    [Id(1)] public required long Position { get; init; }

    /// <summary>Last position that is in the persisted snapshot.</summary>
    [Id(2)] public required long Persisted { get; init; }

    /// <summary>Lifetime counters through <see cref="Position"/>.</summary>
    [Id(3)] public required AggregatorCounters Counters { get; init; }

    /// <summary>Series.</summary>
    [Id(4)] public required int Series { get; init; }

    /// <summary>What the values mean.</summary>
    [Id(5)] public required MetricKind Kind { get; init; }

    /// <summary>The watermark at which the next window becomes final; <see cref="long.MaxValue"/> when none is open.</summary>
    [Id(6)] public required long NextCloseAt { get; init; }

    /// <summary>What history takes in storage.</summary>
    [Id(7)] public long HistoryBytes { get; init; }

    /// <summary>The <see cref="MetricSlice.Begin"/> that the rest of this status is of.</summary>
    [Id(8)] public long Begin { get; init; }

    /// <summary>The persisted snapshot has neither series nor windows, and there are no chunks: nothing is left but counters.</summary>
    [Id(9)] public bool Empty { get; init; }

    /// <summary>Highest watermark seen.</summary>
    [Id(10)] public long Watermark { get; init; }

    /// <summary>What its snapshot takes in storage.</summary>
    [Id(11)] public long SnapshotBytes { get; init; }
}
