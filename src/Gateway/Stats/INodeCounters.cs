using OrleansMetrics.Contracts.Stats;

namespace OrleansMetrics.Gateway.Stats;

/// <summary>A part of a process that counts: intake in a gateway, grains in a silo.</summary>
public interface INodeCounters
{
    /// <summary>The statistics with this part's counters set. Any thread.</summary>
    NodeStats AddTo(NodeStats stats);
}
