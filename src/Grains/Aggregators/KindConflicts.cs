using System.Collections.Concurrent;
using OrleansMetrics.Contracts.Points;

namespace OrleansMetrics.Grains.Aggregators;

/// <summary>The metrics of this silo to which points of another kind came, for gateways to refuse them from now on. Lock-free; used once per slice, never per point.</summary>
public sealed class KindConflicts(TimeProvider time)
{
    /// <summary>Metrics noted; points of further ones are only counted.</summary>
    public const int MaxMetrics = 1_000;

    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, (MetricKind Kind, long At)> _metrics = new(StringComparer.Ordinal);

    /// <summary>Metrics to which points of another kind came within the last minute, with the names of the kinds that they are.</summary>
    public Dictionary<string, string> Recent()
    {
        foreach (var (metric, noted) in _metrics)
        {
            if (time.GetElapsedTime(noted.At) > Memory)
            {
                _metrics.TryRemove(new KeyValuePair<string, (MetricKind, long)>(metric, noted));
            }
        }

        return _metrics.ToDictionary(static pair => pair.Key, static pair => pair.Value.Kind.Name(), StringComparer.Ordinal);
    }

    internal void Note(string metric, MetricKind kind)
    {
        if (_metrics.ContainsKey(metric) || _metrics.Count < MaxMetrics)
        {
            _metrics[metric] = (kind, time.GetTimestamp());
        }
    }
}
