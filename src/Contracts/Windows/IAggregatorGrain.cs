using Orleans.Concurrency;

namespace OrleansMetrics.Contracts.Windows;

/// <summary>The aggregates of one metric. The grain's key is the metric's name.</summary>
[Alias("OrleansMetrics.IAggregatorGrain")]
public interface IAggregatorGrain : IGrainWithStringKey
{
    /// <summary>The current aggregates, open windows included; null when the metric has never been seen.</summary>
    /// <exception cref="ArgumentException">The limit is out of range or the cursor is none of this metric's.</exception>
    [AlwaysInterleave, Alias("GetAggregates")]
    Task<MetricAggregates?> GetAggregates(AggregatesQuery query, CancellationToken cancellationToken = default);

    /// <summary>
    /// Has the observer told of every window of this metric that becomes final from now on. The subscription lives for
    /// five minutes; call again in time to keep it. Idempotent.
    /// </summary>
    /// <remarks>Orleans holds the object behind an observer reference weakly: keep it alive while subscribed.</remarks>
    [Alias("Subscribe")]
    Task Subscribe(IWindowObserver observer, CancellationToken cancellationToken = default);

    /// <summary>Ends a subscription. Idempotent.</summary>
    [Alias("Unsubscribe")]
    Task Unsubscribe(IWindowObserver observer, CancellationToken cancellationToken = default);
}
