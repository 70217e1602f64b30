using Microsoft.Extensions.Logging;

namespace OrleansMetrics.Streams.PointLog.Segments;

/// <summary>
/// What need not hold up commits: makes segments durable that are appended to no more and writes their indexes, and removes what is of no more use. One
/// thread, in the order given; what fails is tried again.
/// </summary>
internal sealed class SegmentKeeper
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);
    private readonly LogFiles _files;
    private readonly PointLogStatistics _statistics;
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Guards the queue. A monitor, because the thread sleeps on it.
    private readonly object _gate = new();
    private readonly Queue<Action> _jobs = [];
    private readonly List<Action> _failed = [];
    private bool _closed;

    public SegmentKeeper(LogFiles files, PointLogStatistics statistics, ILogger logger)
    {
        _files = files;
        _statistics = statistics;
        _logger = logger;
        _thread = new Thread(Run) { IsBackground = true, Name = "point log keeper" };
    }

    /// <summary>Whether everything asked for has been done. Once closed.</summary>
    public bool IsDone => _failed.Count == 0;

    public void Start() => _thread.Start();

    /// <summary>Does what waits on the caller's thread; instead of <see cref="Start"/>.</summary>
    public void RunHere()
    {
        while (_jobs.TryDequeue(out var job))
        {
            Do(job);
        }
    }

    /// <summary>Makes a segment durable that is appended to no more, and writes its index.</summary>
    public void Seal(Segment segment) => Enqueue(() => Index(segment));

    /// <summary>Removes a segment of which the log has no record any more. Its index stays when it has requests.</summary>
    public void Drop(Segment segment, bool hasRequests) => Enqueue(() =>
    {
        if (hasRequests)
        {
            Index(segment);
        }

        foreach (var target in segment.Successors)
        {
            Flush(target);
        }

        segment.Indexed();
        segment.Dispose();
        File.Delete(_files.Segment(segment.Number));
        if (!hasRequests)
        {
            File.Delete(_files.Index(segment.Number));
        }
    });

    /// <summary>Removes the index of a segment that is gone.</summary>
    public void DropIndex(long number) => Enqueue(() => File.Delete(_files.Index(number)));

    /// <summary>Does what waits, and what has failed once more, and ends the thread. Idempotent.</summary>
    public async Task CloseAsync()
    {
        lock (_gate)
        {
            _closed = true;
            Monitor.Pulse(_gate);
        }

        await _ended.Task.ConfigureAwait(false);
        _thread.Join();
    }

    private static void Flush(Segment segment)
    {
        try
        {
            RandomAccess.FlushToDisk(segment.Handle);
        }
        catch (ObjectDisposedException)
        {
            // It has been dropped, and its records are in another that is durable, or trimmed.
        }
    }

    private void Index(Segment segment)
    {
        if (segment.Contents is { } contents)
        {
            Flush(segment);
            SegmentIndex.Write(_files, segment.Number, segment.Length, contents);
            segment.Indexed();
        }
    }

    private void Enqueue(Action job)
    {
        lock (_gate)
        {
            _jobs.Enqueue(job);
            Monitor.Pulse(_gate);
        }
    }

    private void Run()
    {
        while (Take(out var jobs))
        {
            foreach (var job in jobs)
            {
                Do(job);
            }
        }

        _ended.SetResult();
    }

    private bool Take(out Action[] jobs)
    {
        lock (_gate)
        {
            while (_jobs.Count == 0 && !_closed)
            {
                if (_failed.Count == 0)
                {
                    Monitor.Wait(_gate);
                }
                else if (!Monitor.Wait(_gate, RetryPause))
                {
                    break;
                }
            }

            var last = _closed && _jobs.Count == 0;
            jobs = [.. _failed, .. _jobs];
            _failed.Clear();
            _jobs.Clear();
            if (!last)
            {
                return true;
            }
        }

        foreach (var job in jobs)
        {
            Do(job);
        }

        return false;
    }

    private void Do(Action job)
    {
        try
        {
            job();
        }
        catch (Exception exception)
        {
            if (_failed.Count == 0)
            {
                _statistics.StoreFailed();
                SegmentMessages.KeepingFailed(_logger, _files.Directory, exception);
            }

            _failed.Add(job);
        }
    }
}
