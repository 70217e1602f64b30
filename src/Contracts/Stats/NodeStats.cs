namespace OrleansMetrics.Contracts.Stats;

/// <summary>The counters of one process since it started.</summary>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.NodeStats")]
public sealed record NodeStats
{
    /// <summary>Name of the node; a gateway writes it into every batch.</summary>
    [Id(0)] public required string Node { get; init; }

    /// <summary>When the process started.</summary>
    [Id(1)] public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When the counters were read.</summary>
    [Id(2)] public required DateTimeOffset ReportedAt { get; init; }

    /// <summary>Points that senders posted, good and bad.</summary>
    [Id(3)] public required long Received { get; init; }

    /// <summary>Points acknowledged: durable in the log.</summary>
    [Id(4)] public required long Accepted { get; init; }

    /// <summary>Points refused, by reason.</summary>
    [Id(5)] public required Dictionary<string, long> Rejected { get; init; }

    /// <summary>String fields of line protocol, which have no aggregate.</summary>
    [Id(6)] public required long IgnoredFields { get; init; }

    /// <summary>Requests answered 503 because a bound was reached.</summary>
    [Id(7)] public required long Overloaded { get; init; }

    /// <summary>Points that aggregators on this node put into windows.</summary>
    [Id(8)] public required long Processed { get; init; }

    /// <summary>Points that came after their window was final, and too late to correct it.</summary>
    [Id(9)] public required long Late { get; init; }

    /// <summary>Snapshots written.</summary>
    [Id(10)] public required long Flushes { get; init; }

    /// <summary>Failures that were handled: a snapshot not written, a partition that had to retry, a poison batch.</summary>
    [Id(11)] public required long Errors { get; init; }

    /// <summary>Bytes of requests that are being read or appended now.</summary>
    [Id(12)] public required long InFlightBytes { get; init; }

    /// <summary>Points of repeated requests that were durable before: acknowledged and not counted again.</summary>
    [Id(13)] public required long Repeated { get; init; }

    /// <summary>What the process is: <c>standalone</c>, <c>silo</c> or <c>gateway</c>.</summary>
    [Id(14)] public string Role { get; init; } = "standalone";

    /// <summary>Series in the memory of this node.</summary>
    [Id(15)] public long Series { get; init; }

    /// <summary>Points that aggregators on this node put into overflow series; they are in <see cref="Processed"/> too.</summary>
    [Id(16)] public long Overflowed { get; init; }

    /// <summary>Metrics of this node with points in their overflow series within the last minute, at most 1,000.</summary>
    [Id(17)] public string[] Overflowing { get; init; } = [];

    /// <summary>Points that corrected final windows on this node; they are in <see cref="Processed"/> too.</summary>
    [Id(18)] public long Corrected { get; init; }

    /// <summary>Metrics of this node to which points of another kind came within the last minute, at most 1,000, with the kinds that they are.</summary>
    [Id(20)] public Dictionary<string, string> KindConflicts { get; init; } = [];
}
