using Orleans.Storage;

namespace OrleansMetrics.Grains.Partitions;

// Metrics of which nothing is left but counters. In one write the partition takes their counters over, takes them off its list, and notes what is
// still to be cleared; then the aggregator clears its state; then the note goes. Should the metric come back, before or after, its slices carry the
// position through which it was forgotten (Begin): an aggregator that has something of before drops it, and what it says of that does not count.
internal sealed partial class PartitionRouter
{
    private const int MaxForgottenAtOnce = 64;

    /// <summary>What is to be cleared, as the persisted state has it.</summary>
    private readonly Dictionary<string, long> _forgetting = new(StringComparer.Ordinal);

    /// <summary>As the persisted state has it: a slice that carries it must not come before the state that says so.</summary>
    private long _forgottenThrough;

    private List<MetricRoute> Forgettable(long checkpoint) => !AllCountedIsRouted ? []
        : [.. _routes.All.Where(route => route.CanBeForgotten(checkpoint, _watermark)).Take(MaxForgottenAtOnce)];

    private PartitionState ToState(long checkpoint, List<MetricRoute> leaving)
    {
        var next = _ledger.ToState(checkpoint, _watermark, _routes.All, leaving);
        next.ForgottenThrough = leaving.Count > 0 ? checkpoint : _forgottenThrough;
        next.Forgetting =
        [
            .. _forgetting.Where(pair => !leaving.Any(route => route.Name == pair.Key)).Select(static pair => new PartitionState.ForgottenMetric(pair.Key, pair.Value)),
            .. leaving.Select(route => new PartitionState.ForgottenMetric(route.Name, checkpoint)),
        ];
        return next;
    }

    /// <summary>The state that says so is persisted.</summary>
    private void Forgotten(List<MetricRoute> left)
    {
        foreach (var route in left)
        {
            _forgottenThrough = _checkpoint;
            _forgetting[route.Name] = _checkpoint;
            _ledger.Forget(route);
            _routes.Remove(route);
            _statistics.MetricForgotten();
            LogForgotten(route.Name, _partition, route.Accepted);
        }

        if (left.Count > 0)
        {
            _routes.RefreshNextClose();
        }
    }

    /// <summary>Has storage cleared; the next state does without the note.</summary>
    private async Task ClearForgottenAsync(CancellationToken cancellationToken)
    {
        foreach (var (metric, through) in _forgetting.Take(MaxForgottenAtOnce).ToList())
        {
            try
            {
                await _routes.AggregatorOf(metric).Forget(through);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                // The note stays, and the next turn tries again.
                _statistics.ErrorHandled();
                LogForgettingFailed(exception, metric, _partition);
                return;
            }

            _forgetting.Remove(metric);
            _changed = true;
        }
    }
}
