namespace OrleansMetrics.Streams.PointLog;

/// <summary>Decides whether a call may be written, as a whole. Used by the commit thread.</summary>
/// <param name="partitions">Of the log.</param>
/// <param name="maxBytes">Payload bytes that a partition may hold.</param>
/// <param name="head">Where a partition stands.</param>
/// <param name="window">The requests that a partition's log remembers.</param>
internal sealed class CallAdmission(int partitions, long maxBytes, Func<int, PartitionHead> head, Func<int, RequestWindow> window)
{
    // Of the call that is being looked at: payload bytes per partition, and partitions that have requests of it.
    private readonly long[] _bytes = new long[partitions];
    private readonly bool[] _repeats = new bool[partitions];

    /// <inheritdoc cref="ILogSession.Admit"/>
    public bool Admit(IReadOnlyList<LogAppend> appends, long now)
    {
        var admitted = true;
        for (var i = 0; i < appends.Count; i++)
        {
            var append = appends[i];
            _bytes[append.Partition] += append.Payload.Length;
            if (append.Keys.Count > 0)
            {
                append.Repeated = RepeatedOf(append, now) ?? (IReadOnlyList<RequestKey>)[];
                _repeats[append.Partition] |= append.Repeated.Count > 0;
            }
        }

        for (var i = 0; i < appends.Count; i++)
        {
            admitted &= !_repeats[appends[i].Partition] && Fits(appends[i].Partition);
        }

        for (var i = 0; i < appends.Count && !admitted; i++)
        {
            var append = appends[i];
            append.Status = append.Repeated.Count > 0 ? AppendStatus.Repeated
                : !_repeats[append.Partition] && !Fits(append.Partition) ? AppendStatus.Full
                : AppendStatus.Withdrawn;
        }

        for (var i = 0; i < appends.Count; i++)
        {
            _bytes[appends[i].Partition] = 0;
            _repeats[appends[i].Partition] = false;
        }

        return admitted;
    }

    /// <summary>Forgets a call whose admission ended in an exception.</summary>
    public void Reset()
    {
        Array.Clear(_bytes);
        Array.Clear(_repeats);
    }

    private bool Fits(int partition) => head(partition).BytesHeld + _bytes[partition] <= maxBytes;

    private List<RequestKey>? RepeatedOf(LogAppend append, long now)
    {
        var known = window(append.Partition);
        known.Forget(Math.Max(now, head(append.Partition).IngestedAt));
        List<RequestKey>? repeated = null;
        for (var i = 0; i < append.Keys.Count; i++)
        {
            if (known.Contains(append.Keys[i]))
            {
                (repeated ??= []).Add(append.Keys[i]);
            }
        }

        return repeated;
    }
}
