namespace OrleansMetrics.Cli.Demo;

/// <summary>A node's counters when it has stopped.</summary>
public sealed record FinalStatistics
{
    /// <summary>Points that senders posted, good and bad.</summary>
    public required long Received { get; init; }

    /// <summary>Points acknowledged.</summary>
    public required long Accepted { get; init; }

    /// <summary>Points in windows.</summary>
    public required long Processed { get; init; }

    /// <summary>Points that came after their window was final.</summary>
    public required long Late { get; init; }

    /// <summary>Points rejected, for whatever reason.</summary>
    public required long Rejected { get; init; }

    /// <summary>Points acknowledged and in no window: 0 after a graceful stop.</summary>
    public required long InFlight { get; init; }

    /// <summary>Snapshots written.</summary>
    public required long Flushes { get; init; }

    /// <summary>Failures that were handled.</summary>
    public required long Errors { get; init; }
}
