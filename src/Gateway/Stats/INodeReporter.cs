namespace OrleansMetrics.Gateway.Stats;

/// <summary>Reports the counters of this process to the cluster, from time to time and when asked.</summary>
/// <remarks>The process boundary: a gateway counts requests, a silo counts points aggregated, a standalone node both.</remarks>
public interface INodeReporter
{
    /// <summary>
    /// Reports now. When the task completes, <see cref="Contracts.Stats.IClusterStatsGrain.GetNodes"/> returns the counters of this
    /// process as they were after the call began. Idempotent.
    /// </summary>
    /// <exception cref="TimeoutException">The cluster does not answer.</exception>
    Task ReportNowAsync(CancellationToken cancellationToken);
}
