namespace OrleansMetrics.Streams.Batching;

/// <summary>What became of a request's points.</summary>
public enum SubmitStatus
{
    /// <summary>All are durable.</summary>
    Appended,

    /// <summary>A partition's log is at its bound, or this process holds too many bytes already. Try again after a pause.</summary>
    Full,

    /// <summary>The log's store failed; some of the points may be in the log.</summary>
    Failed,

    /// <summary>This process is shutting down and takes no more points.</summary>
    Closed,
}
