using System.Text;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Stats;
using OrleansMetrics.Streams.Batching;

namespace OrleansMetrics.Gateway.Ingest;

/// <summary>Brings what aggregators have decided about kinds to where points are taken, when points of another kind got through.</summary>
public sealed class DecidedKinds(SeriesCache cache, IPointBatcher batcher)
{
    /// <summary>Takes over what the nodes have reported.</summary>
    public void Update(IReadOnlyCollection<NodeStats> nodes)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        foreach (var (metric, name) in nodes.SelectMany(static node => node.KindConflicts))
        {
            if (MetricKindNames.TryParse(Encoding.UTF8.GetBytes(name), out var kind))
            {
                cache.SetKind(metric, kind, batcher.DefinitionPeriod);
            }
        }
    }
}
