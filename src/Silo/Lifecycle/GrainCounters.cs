using OrleansMetrics.Contracts.Stats;
using OrleansMetrics.Gateway.Stats;
using OrleansMetrics.Grains.Aggregators;
using OrleansMetrics.Grains.Stats;

namespace OrleansMetrics.Silo.Lifecycle;

/// <summary>What the grains of this silo have done.</summary>
internal sealed class GrainCounters(SiloStatistics silo, SeriesBudget series, KindConflicts conflicts) : INodeCounters
{
    public NodeStats AddTo(NodeStats stats) => stats with
    {
        Processed = silo.Processed,
        Late = silo.Late,
        Corrected = silo.Corrected,
        Flushes = silo.Flushes,
        Series = series.Series,
        Overflowed = series.Overflowed,
        Overflowing = series.Overflowing(),
        KindConflicts = conflicts.Recent(),
        Errors = stats.Errors + silo.Errors,
    };
}
