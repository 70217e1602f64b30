using System.Collections.Concurrent;

namespace OrleansMetrics.Grains.Aggregators;

/// <summary>The aggregators that are active on this silo, by metric. Any thread.</summary>
public sealed class LocalAggregators
{
    private readonly ConcurrentDictionary<string, LocalAggregator> _aggregators = new(StringComparer.Ordinal);

    /// <summary>The aggregator of a metric, if it is here.</summary>
    internal LocalAggregator? Find(string metric) => _aggregators.GetValueOrDefault(metric);

    /// <summary>Notes an activation; it takes the place of one that is about to end.</summary>
    internal void Add(string metric, LocalAggregator aggregator) => _aggregators[metric] = aggregator;

    /// <summary>Closes and forgets an activation.</summary>
    internal void Remove(string metric, LocalAggregator aggregator)
    {
        aggregator.Close();
        _aggregators.TryRemove(KeyValuePair.Create(metric, aggregator));
    }
}
