using OrleansMetrics.Contracts.Windows;

namespace OrleansMetrics.Grains.Aggregators;

/// <summary>What an aggregator takes along to another silo besides its snapshot.</summary>
/// <param name="PersistedPosition">Last position that is in the persisted snapshot; the snapshot in memory may be ahead.</param>
/// <param name="PersistedWatermark">Watermark of the persisted snapshot.</param>
/// <param name="Observers">Who is to be told of final windows.</param>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.MovedAggregator")]
public sealed record MovedAggregator(
    [property: Id(0)] long PersistedPosition, [property: Id(1)] long PersistedWatermark, [property: Id(2)] IWindowObserver[] Observers);
