namespace OrleansMetrics.Streams.PointLog;

/// <summary>What became of an append.</summary>
public enum AppendStatus
{
    /// <summary>Not known: the append has not been answered.</summary>
    Pending,

    /// <summary>Durable as far as <c>Log:Sync</c> promises.</summary>
    Appended,

    /// <summary>Refused: the partition's log is at its byte bound, or as much as may wait for the store in this process does. Nothing was written.</summary>
    Full,

    /// <summary>The store failed; whether the record is in the log is not known.</summary>
    Failed,

    /// <summary>
    /// Not written, because the log has requests of this append already: <see cref="LogAppend.Repeated"/>. Append the others again
    /// without them.
    /// </summary>
    Repeated,

    /// <summary>Not written, because another append of the same call was full or repeated. Append it again without that one.</summary>
    Withdrawn,
}
