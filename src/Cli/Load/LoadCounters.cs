namespace OrleansMetrics.Cli.Load;

/// <summary>What became of a load's points. One connection writes; the progress display reads while it does.</summary>
internal sealed class LoadCounters
{
    private long _sent;
    private long _accepted;

    /// <summary>Points of requests that have ended, however they ended.</summary>
    public long Sent => Volatile.Read(ref _sent);

    /// <summary>Points that the node acknowledged.</summary>
    public long Accepted => Volatile.Read(ref _accepted);

    /// <summary>Points that the node rejected, refused or never took.</summary>
    public long Errors { get; set; }

    /// <summary>Points of requests whose answer was lost.</summary>
    public long Uncertain { get; set; }

    /// <summary>Requests that have ended.</summary>
    public long Requests { get; set; }

    /// <summary>Times a request was repeated because the node was full or away, or its answer was lost.</summary>
    public long Retries { get; set; }

    /// <summary>Requests that the node had counted before: the answer to the first was lost.</summary>
    public long Replays { get; set; }

    /// <summary>Bytes of the bodies of requests that have ended, repeats not counted.</summary>
    public long Bytes { get; set; }

    /// <summary>What the node said about the first request that failed.</summary>
    public string? FirstError { get; set; }

    /// <summary>Times from sending a request to its answer, repeats each on their own.</summary>
    public LatencyHistogram Latency { get; } = new();

    /// <summary>Counts points of a request that has ended.</summary>
    public void Count(long sent, long accepted)
    {
        Volatile.Write(ref _sent, _sent + sent);
        Volatile.Write(ref _accepted, _accepted + accepted);
    }

    /// <summary>The sum of several.</summary>
    public static LoadCounters Sum(IEnumerable<LoadCounters> all)
    {
        var sum = new LoadCounters();
        foreach (var one in all)
        {
            sum.Count(one.Sent, one.Accepted);
            sum.Errors += one.Errors;
            sum.Uncertain += one.Uncertain;
            sum.Requests += one.Requests;
            sum.Retries += one.Retries;
            sum.Replays += one.Replays;
            sum.Bytes += one.Bytes;
            sum.FirstError ??= one.FirstError;
            sum.Latency.Merge(one.Latency);
        }
        return sum;
    }
}
