namespace OrleansMetrics.Streams.Batching;

/// <summary>What this process has done with the points sent to it. Lock-free; updated once per request, never per point.</summary>
public sealed class IngestStatistics
{
    private readonly long[] _rejected = new long[RejectReasonNames.Count];
    private long _received;
    private long _accepted;
    private long _repeated;
    private long _ignoredFields;
    private long _overloaded;

    /// <summary>Points posted, good and bad.</summary>
    public long Received => Volatile.Read(ref _received);

    /// <summary>Points acknowledged.</summary>
    public long Accepted => Volatile.Read(ref _accepted);

    /// <summary>Points of repeated requests that the log had already: acknowledged and not counted again.</summary>
    public long Repeated => Volatile.Read(ref _repeated);

    /// <summary>String fields, which have no aggregate.</summary>
    public long IgnoredFields => Volatile.Read(ref _ignoredFields);

    /// <summary>Requests refused because a bound was reached.</summary>
    public long Overloaded => Volatile.Read(ref _overloaded);

    /// <summary>Points refused for a reason.</summary>
    public long Rejected(RejectReason reason) => Volatile.Read(ref _rejected[(int)reason]);

    /// <summary>Counts the points of a request as read.</summary>
    public void PointsReceived(long points) => Interlocked.Add(ref _received, points);

    /// <summary>Counts points that became durable.</summary>
    public void PointsAccepted(long points) => Interlocked.Add(ref _accepted, points);

    /// <summary>Counts points that were durable already.</summary>
    public void PointsRepeated(long points) => Interlocked.Add(ref _repeated, points);

    /// <summary>Counts points refused.</summary>
    public void PointsRejected(RejectReason reason, long points) => Interlocked.Add(ref _rejected[(int)reason], points);

    /// <summary>Counts string fields left out.</summary>
    public void FieldsIgnored(long fields) => Interlocked.Add(ref _ignoredFields, fields);

    /// <summary>Counts a request refused because a bound was reached.</summary>
    public void RequestOverloaded() => Interlocked.Increment(ref _overloaded);
}
