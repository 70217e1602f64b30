using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Streams.Batching;

/// <summary>
/// What became of the requests of one round, partition by partition, when the log did not simply append all of it: some parts are in the
/// log now, some had been there, some were refused, and the rest is to be appended again. Used for one round; not thread-safe.
/// </summary>
internal sealed class RoundOutcome(IReadOnlyList<RequestPoints> requests, int partitions)
{
    private readonly Fate[] _fates = new Fate[requests.Count * partitions];
    private readonly bool[] _refused = new bool[requests.Count];

    /// <summary>Whether the request's points for the partition are still to be appended.</summary>
    public bool IsOpen(int request, int partition) => !_refused[request] && Of(request, partition) == Fate.Open;

    /// <summary>
    /// Takes the answers of a call that appended what was open. A request that is refused in one partition is not appended to the others
    /// any more.
    /// </summary>
    /// <returns>
    /// Whether anything is open still. Every call settles at least one request in one partition; an answer that would not, which no log should
    /// give, counts as failed.
    /// </returns>
    public bool Settle(List<LogAppend> appends)
    {
        var (answers, repeated) = Summarize(appends);
        var settled = false;
        for (var request = 0; request < requests.Count; request++)
        {
            settled |= !_refused[request] && Settle(request, answers, repeated);
        }

        if (!HasOpen())
        {
            return false;
        }

        if (!settled)
        {
            FailWhatIsOpen();
        }

        return settled;
    }

    /// <summary>
    /// One status for the request. Appended promises that all of its points are in the log, full that none is, repeated that all had been; if
    /// neither is true, or not known, it is failed.
    /// </summary>
    public SubmitStatus StatusOf(int request)
    {
        var seen = 0;
        foreach (var run in requests[request].Runs)
        {
            seen |= 1 << (int)Of(request, run.Metric.Partition);
        }

        const int open = 1 << (int)Fate.Open, appended = 1 << (int)Fate.Appended, repeated = 1 << (int)Fate.Repeated, full = 1 << (int)Fate.Full;
        return seen switch
        {
            repeated => SubmitStatus.Repeated,
            appended or (appended | repeated) => SubmitStatus.Appended,
            full or (full | open) => SubmitStatus.Full,
            _ => SubmitStatus.Failed,
        };
    }

    /// <summary>Points of the request that this round appended, and those that had been in the log.</summary>
    public (int Appended, int Repeated) PointsOf(int request)
    {
        int appended = 0, repeated = 0;
        foreach (var run in requests[request].Runs)
        {
            var fate = Of(request, run.Metric.Partition);
            appended += fate == Fate.Appended ? run.Count : 0;
            repeated += fate == Fate.Repeated ? run.Count : 0;
        }

        return (appended, repeated);
    }

    /// <summary>Whether this round appended the request's points for the partition.</summary>
    public bool IsAppended(int request, int partition) => Of(request, partition) == Fate.Appended;

    private bool Settle(int request, Fate[] answers, HashSet<(int Partition, RequestKey? Key)>? repeated)
    {
        var settled = false;
        foreach (var run in requests[request].Runs)
        {
            var partition = run.Metric.Partition;
            ref var fate = ref Of(request, partition);
            if (fate != Fate.Open)
            {
                continue;
            }

            var answer = answers[partition];
            fate = answer is Fate.Open or Fate.Full && repeated?.Contains((partition, requests[request].Key)) == true ? Fate.Repeated : answer;
            settled |= fate != Fate.Open;
            _refused[request] |= fate is Fate.Full or Fate.Failed;
        }

        return settled;
    }

    /// <summary>What the appends of each partition say together, and which requests are named as repeated.</summary>
    private (Fate[] Answers, HashSet<(int Partition, RequestKey? Key)>? Repeated) Summarize(List<LogAppend> appends)
    {
        var answers = new Fate[partitions];
        var seen = new bool[partitions];
        HashSet<(int, RequestKey?)>? repeated = null;
        foreach (var append in appends)
        {
            var answer = append.Status switch
            {
                AppendStatus.Appended => Fate.Appended,
                AppendStatus.Full => Fate.Full,
                AppendStatus.Repeated or AppendStatus.Withdrawn => Fate.Open,
                _ => Fate.Failed,
            };
            answers[append.Partition] = seen[append.Partition] ? Combine(answers[append.Partition], answer) : answer;
            seen[append.Partition] = true;
            if (append.Status == AppendStatus.Repeated)
            {
                foreach (var key in append.Repeated)
                {
                    (repeated ??= []).Add((append.Partition, key));
                }
            }
        }

        return (answers, repeated);
    }

    /// <summary>
    /// Several batches of one partition are written together or not at all; then they agree, or some are full and the others withdrawn. If
    /// a log breaks that, nobody can say what it has.
    /// </summary>
    private static Fate Combine(Fate one, Fate other) => (one, other) switch
    {
        _ when one == other => one,
        (Fate.Open, Fate.Full) or (Fate.Full, Fate.Open) => Fate.Full,
        _ => Fate.Failed,
    };

    private void FailWhatIsOpen()
    {
        for (var request = 0; request < requests.Count; request++)
        {
            foreach (var run in requests[request].Runs)
            {
                if (IsOpen(request, run.Metric.Partition))
                {
                    Of(request, run.Metric.Partition) = Fate.Failed;
                }
            }
        }
    }

    private bool HasOpen()
    {
        for (var request = 0; request < requests.Count; request++)
        {
            foreach (var run in requests[request].Runs)
            {
                if (IsOpen(request, run.Metric.Partition))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private ref Fate Of(int request, int partition) => ref _fates[(request * partitions) + partition];

    private enum Fate : byte
    {
        Open,
        Appended,
        Repeated,
        Full,
        Failed,
    }
}
