using System.ComponentModel;
using OrleansMetrics.Contracts.Partitions;
using OrleansMetrics.Contracts.Stats;

namespace OrleansMetrics.Gateway.Stats;

/// <summary>The ledger of the cluster, and of each partition and node it is added up from.</summary>
/// <remarks>
/// Two kinds of numbers. Accepted, processed, late, dropped and inFlight are sums over partitions: durable, counted since the
/// cluster was created. Received, repeated, rejected, flushes and errors are sums over the nodes heard of within a minute, each counted since its
/// process started: they fall when a node restarts or leaves. The partitions are read one after another while
/// points flow, each in itself consistent.
/// </remarks>
[Description("The ledger of the cluster: accepted = processed + the sum of dropped + inFlight.")]
public sealed record StatsAnswer
{
    /// <summary>Points posted. Sum over nodes, since their start.</summary>
    [Description("Points posted, good and bad. Sum over nodes, each since its start.")]
    public required long Received { get; init; }

    /// <summary>Points made durable. Sum over partitions.</summary>
    [Description("Points made durable in the log. Sum over partitions; survives restarts.")]
    public required long Accepted { get; init; }

    /// <summary>Points in aggregates. Sum over partitions.</summary>
    [Description("Points in aggregates. Sum over partitions; survives restarts.")]
    public required long Processed { get; init; }

    /// <summary>Points that came too late to correct their final window: the <c>late</c> of <see cref="Dropped"/>.</summary>
    [Description("Points that came after their window was final, and too late to correct it; the same number as dropped.late.")]
    public required long Late { get; init; }

    /// <summary>Points of repeated requests, durable before. Sum over nodes, since their start.</summary>
    [Description("Points of repeated requests: durable before, acknowledged and not counted again. Sum over nodes, each since its start.")]
    public required long Repeated { get; init; }

    /// <summary>Points refused, by reason. Sum over nodes, since their start.</summary>
    [Description("Points refused before they were accepted, by reason. Sum over nodes, each since its start.")]
    public required SortedDictionary<string, long> Rejected { get; init; }

    /// <summary>Points accepted and left out of the aggregates, by reason. Sum over partitions.</summary>
    [Description("Points accepted and left out of the aggregates, by reason. Sum over partitions; survives restarts.")]
    public required SortedDictionary<string, long> Dropped { get; init; }

    /// <summary>Points in the log that are not aggregated yet. Sum over partitions.</summary>
    [Description("Points in the log that are not aggregated yet. Sum over partitions.")]
    public required long InFlight { get; init; }

    /// <summary>Records in the log that are not routed yet. Sum over partitions.</summary>
    [Description("Records in the log that no partition has routed yet; for how long a partition has been catching up is in its replayingSince. Sum over partitions.")]
    public required long RecordsBehind { get; init; }

    /// <summary>Snapshots written. Sum over nodes, since their start.</summary>
    [Description("Snapshots written. Sum over nodes, each since its start.")]
    public required long Flushes { get; init; }

    /// <summary>Failures handled. Sum over nodes, since their start.</summary>
    [Description("Failures that were handled. Sum over nodes, each since its start.")]
    public required long Errors { get; init; }

    /// <summary>Bytes of history in storage. Sum over partitions.</summary>
    [Description("Bytes of the history of all metrics in storage; by metric in /api/metrics. Sum over partitions.")]
    public required long HistoryBytes { get; init; }

    /// <summary>Points in overflow series; part of <see cref="Processed"/>. Sum over partitions.</summary>
    [Description("Points in the overflow series of metrics that have more series than they may; part of processed. Sum over partitions.")]
    public required long Overflowed { get; init; }

    /// <summary>Points that corrected final windows; part of <see cref="Processed"/>. Sum over partitions.</summary>
    [Description("Points that came after their window was final and corrected it; part of processed. Sum over partitions; survives restarts.")]
    public required long Corrected { get; init; }

    /// <summary>Series of all metrics. Sum over partitions.</summary>
    [Description("Series of all metrics. Sum over partitions.")]
    public required long Series { get; init; }

    /// <summary>The metrics with most series.</summary>
    [Description("The ten metrics with most series, as of their last flush.")]
    public required MetricSize[] MostSeries { get; init; }

    /// <summary>The metrics that take most in storage.</summary>
    [Description("The ten metrics whose snapshot and history take most bytes in storage, as of their last flush.")]
    public required MetricSize[] MostStored { get; init; }

    /// <summary>Whether the ledger of every partition balances, and the sums do.</summary>
    [Description("Whether the ledger of every partition balances, and the sums do.")]
    public required bool Balanced { get; init; }

    /// <summary>Where every partition stands.</summary>
    [Description("Where every partition stands, in order of their numbers.")]
    public required PartitionStatus[] Partitions { get; init; }

    /// <summary>What every node reported last.</summary>
    [Description("What every node heard of within a minute reported last.")]
    public required NodeStats[] Nodes { get; init; }

    /// <summary>Adds up partitions and nodes.</summary>
    public static StatsAnswer Of(PartitionStatus[] partitions, NodeStats[] nodes)
    {
        var dropped = Sum(partitions.Select(p => p.Dropped));
        var accepted = partitions.Sum(p => p.Accepted);
        var processed = partitions.Sum(p => p.Processed);
        var inFlight = partitions.Sum(p => p.InFlight);
        return new StatsAnswer
        {
            Received = nodes.Sum(n => n.Received),
            Accepted = accepted,
            Processed = processed,
            Late = dropped.GetValueOrDefault("late"),
            Repeated = nodes.Sum(n => n.Repeated),
            Rejected = Sum(nodes.Select(n => n.Rejected)),
            Dropped = dropped,
            InFlight = inFlight,
            RecordsBehind = partitions.Sum(p => p.RecordsBehind),
            Flushes = nodes.Sum(n => n.Flushes),
            Errors = nodes.Sum(n => n.Errors),
            HistoryBytes = partitions.Sum(p => p.HistoryBytes),
            Overflowed = partitions.Sum(static p => p.Overflowed),
            Corrected = partitions.Sum(static p => p.Corrected),
            Series = partitions.Sum(static p => p.Series),
            MostSeries = Largest(partitions.SelectMany(static p => p.MostSeries), static metric => metric.Series),
            MostStored = Largest(partitions.SelectMany(static p => p.MostStored), static metric => metric.SnapshotBytes + metric.HistoryBytes),
            Balanced = partitions.All(p => p.Balanced) && accepted == processed + dropped.Values.Sum() + inFlight,
            Partitions = partitions,
            Nodes = nodes,
        };
    }

    private static MetricSize[] Largest(IEnumerable<MetricSize> metrics, Func<MetricSize, long> size) =>
        [.. metrics.OrderByDescending(size).ThenBy(static metric => metric.Metric, StringComparer.Ordinal).Take(PartitionStatus.LargestMetrics)];

    private static SortedDictionary<string, long> Sum(IEnumerable<Dictionary<string, long>> counters)
    {
        var sums = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var (reason, count) in counters.SelectMany(c => c))
        {
            sums[reason] = sums.GetValueOrDefault(reason) + count;
        }

        return sums;
    }
}
