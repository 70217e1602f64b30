namespace OrleansMetrics.Streams.PointLog;

/// <summary>What a log has done in this process since it was opened. Any thread.</summary>
public sealed class PointLogStatistics
{
    private long _commits;
    private long _recordsAppended;
    private long _bytesAppended;
    private long _appendsRefused;
    private long _appendsFailed;
    private long _storeErrors;
    private long _recordsFromTail;
    private long _recordsFromStore;

    /// <summary>Group commits.</summary>
    public long Commits => Volatile.Read(ref _commits);

    /// <summary>Records appended.</summary>
    public long RecordsAppended => Volatile.Read(ref _recordsAppended);

    /// <summary>Payload bytes appended.</summary>
    public long BytesAppended => Volatile.Read(ref _bytesAppended);

    /// <summary>Appends answered as full.</summary>
    public long AppendsRefused => Volatile.Read(ref _appendsRefused);

    /// <summary>Appends answered as failed.</summary>
    public long AppendsFailed => Volatile.Read(ref _appendsFailed);

    /// <summary>Errors of the store: failed commits, trims, polls.</summary>
    public long StoreErrors => Volatile.Read(ref _storeErrors);

    /// <summary>Records handed over from memory.</summary>
    public long RecordsFromTail => Volatile.Read(ref _recordsFromTail);

    /// <summary>Records read back.</summary>
    public long RecordsFromStore => Volatile.Read(ref _recordsFromStore);

    /// <summary>Counts a group commit.</summary>
    internal void Committed(long records, long bytes)
    {
        Interlocked.Increment(ref _commits);
        Interlocked.Add(ref _recordsAppended, records);
        Interlocked.Add(ref _bytesAppended, bytes);
    }

    internal void Refused(long appends) => Interlocked.Add(ref _appendsRefused, appends);

    internal void Failed(long appends) => Interlocked.Add(ref _appendsFailed, appends);

    internal void StoreFailed() => Interlocked.Increment(ref _storeErrors);

    internal void ReadFromTail(long records) => Interlocked.Add(ref _recordsFromTail, records);

    internal void ReadFromStore(long records) => Interlocked.Add(ref _recordsFromStore, records);
}
