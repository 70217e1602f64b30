namespace OrleansMetrics.Streams.Batching;

/// <summary>What became of a request's points.</summary>
public enum SubmitStatus
{
    /// <summary>All are durable. Of a request with a key some may have been in the log before.</summary>
    Appended,

    /// <summary>A partition's log is at its bound, or this process holds too many bytes already. Try again after a pause.</summary>
    Full,

    /// <summary>The log's store failed; some of the points may be in the log. A request with a key may be sent again and is counted once.</summary>
    Failed,

    /// <summary>This process is shutting down and takes no more points.</summary>
    Closed,

    /// <summary>All are durable, and all were before: the request was repeated, and nothing was added.</summary>
    Repeated,
}
