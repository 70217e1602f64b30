using OrleansMetrics.Faults.Injection;

namespace OrleansMetrics.Faults.Node;

/// <summary>All faults of a node's process at the moment, as <c>POST /faults</c> sets them.</summary>
internal sealed record FaultSettings
{
    /// <summary>How far the node's clock is ahead of the machine's, in milliseconds.</summary>
    public long ClockOffsetMilliseconds { get; init; }

    /// <summary>Of the snapshots.</summary>
    public StoreFaults Snapshots { get; init; } = StoreFaults.None;

    /// <summary>Of the log.</summary>
    public StoreFaults Log { get; init; } = StoreFaults.None;
}
