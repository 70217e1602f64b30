using Microsoft.Extensions.Logging;

namespace OrleansMetrics.Streams.PointLog;

/// <summary>
/// The commit thread and its queue. Everything that waits goes into one commit; chunks of trims go in between. An error of
/// the store fails the calls of that commit and, if need be, reopens the session; the thread lives on. A disk that is full commits nothing,
/// so that its calls are answered as full.
/// </summary>
internal sealed class LogWriter
{
    private readonly Type _log;
    private readonly string _path;
    private readonly Func<ILogSession> _open;
    private readonly Predicate<Exception> _isDiskFull;
    private readonly PointLogOptions _options;
    private readonly TimeProvider _time;
    private readonly PointLogStatistics _statistics;
    private readonly LogDamage _damage;
    private readonly ILogger _logger;
    private readonly Action<int, LogRecord> _appended;
    private readonly Action<int, long> _trimmed;
    private readonly Thread _thread;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Guards the queues. A monitor, because the commit thread sleeps on it.
    private readonly object _gate = new();
    private readonly Queue<AppendWork> _appends = [];
    private readonly Queue<SetAsideWork> _setAsides = [];
    private readonly Queue<TrimWork> _trims = [];
    private long _queuedBytes;
    private int _queuedAppends;
    private bool _closed;

    // Of the commit thread.
    private readonly List<AppendWork> _batch = [];
    private readonly List<(int Partition, LogRecord Record)> _records = [];
    private ILogSession? _session;
    private bool _diskFull;

    /// <param name="log">The log's type, for those who append when it is closed.</param>
    /// <param name="path">Of the log.</param>
    /// <param name="open">Opens what commits are written to; called on the commit thread, again after an error.</param>
    /// <param name="isDiskFull">True for an error after which nothing was committed, because the disk has no room.</param>
    /// <param name="options">Bounds.</param>
    /// <param name="time">The clock of <see cref="LogRecord.IngestedAt"/>.</param>
    /// <param name="statistics">Counters.</param>
    /// <param name="damage">Told of damage.</param>
    /// <param name="logger">For errors of the store.</param>
    /// <param name="appended">Called on the commit thread for each committed record, in order within a partition, before the append is answered.</param>
    /// <param name="trimmed">Called on the commit thread when a partition has been trimmed up to a position.</param>
    public LogWriter(
        Type log,
        string path,
        Func<ILogSession> open,
        Predicate<Exception> isDiskFull,
        PointLogOptions options,
        TimeProvider time,
        PointLogStatistics statistics,
        LogDamage damage,
        ILogger logger,
        Action<int, LogRecord> appended,
        Action<int, long> trimmed)
    {
        _log = log;
        _path = path;
        _open = open;
        _isDiskFull = isDiskFull;
        _options = options;
        _time = time;
        _statistics = statistics;
        _damage = damage;
        _logger = logger;
        _appended = appended;
        _trimmed = trimmed;
        _thread = new Thread(Run) { IsBackground = true, Name = "point log commit" };
    }

    public void Start() => _thread.Start();

    /// <summary>Queues the appends, or answers them at once: full when too much waits, failed when closed.</summary>
    public ValueTask AppendAsync(IReadOnlyList<LogAppend> appends)
    {
        long bytes = 0;
        for (var i = 0; i < appends.Count; i++)
        {
            bytes += appends[i].Payload.Length;
        }

        var work = new AppendWork(appends, bytes);
        lock (_gate)
        {
            if (_closed)
            {
                Answer(appends, AppendStatus.Failed, new ObjectDisposedException(_log.FullName));
                return ValueTask.CompletedTask;
            }

            if (_queuedAppends > 0 && (_queuedAppends >= _options.MaxQueuedAppends || _queuedBytes + bytes > _options.MaxQueuedBytes))
            {
                _statistics.Refused(appends.Count);
                Answer(appends, AppendStatus.Full, null);
                return ValueTask.CompletedTask;
            }

            _queuedAppends++;
            _queuedBytes += bytes;
            _appends.Enqueue(work);
            Monitor.Pulse(_gate);
        }

        return new ValueTask(work.Task);
    }

    public ValueTask TrimAsync(int partition, long upTo) => Enqueue(_trims, new TrimWork(partition, upTo));

    public ValueTask SetAsideAsync(int partition, LogRecord record, string reason) =>
        Enqueue(_setAsides, new SetAsideWork(partition, record, reason));

    /// <summary>Takes no more work, does what waits, tidies up and ends the thread. Idempotent.</summary>
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

    private static void Answer(IReadOnlyList<LogAppend> appends, AppendStatus status, Exception? error)
    {
        for (var i = 0; i < appends.Count; i++)
        {
            appends[i].Status = status;
            appends[i].Repeated = [];
            appends[i].Error = error;
        }
    }

    private ValueTask Enqueue<T>(Queue<T> queue, T work)
        where T : LogWork
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, _log);
            queue.Enqueue(work);
            Monitor.Pulse(_gate);
        }

        return new ValueTask(work.Task);
    }

    private void Run()
    {
        while (Take(out var setAside, out var trim))
        {
            if (_batch.Count > 0)
            {
                Commit();
            }

            if (setAside is not null)
            {
                Do(setAside);
            }

            if (trim is not null)
            {
                Do(trim);
            }
        }

        End();
    }

    private bool Take(out SetAsideWork? setAside, out TrimWork? trim)
    {
        lock (_gate)
        {
            while (_appends.Count == 0 && _setAsides.Count == 0 && _trims.Count == 0)
            {
                if (_closed)
                {
                    setAside = null;
                    trim = null;
                    return false;
                }

                Monitor.Wait(_gate);
            }

            long bytes = 0;
            while (bytes < _options.MaxCommitBytes && _appends.TryDequeue(out var work))
            {
                bytes += work.Bytes;
                _batch.Add(work);
            }

            _setAsides.TryDequeue(out setAside);
            _trims.TryPeek(out trim);
            return true;
        }
    }

    private void Commit()
    {
        Exception? error = null;
        long bytes = 0;
        try
        {
            var session = Session();
            session.Begin();
            var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
            foreach (var work in _batch)
            {
                bytes += Append(session, work.Appends, now);
            }

            session.Commit();
        }
        catch (Exception exception)
        {
            error = exception;
            StoreFailed(exception);
        }

        if (error is null)
        {
            DiskHasRoom();
            _statistics.Committed(_records.Count, bytes);
            foreach (var (partition, record) in _records)
            {
                _appended(partition, record);
            }
        }

        Complete(error);
    }

    /// <summary>Writes a call whole, or nothing of it; the payload bytes written.</summary>
    private long Append(ILogSession session, IReadOnlyList<LogAppend> appends, long now)
    {
        long bytes = 0;
        var admitted = session.Admit(appends, now);
        for (var i = 0; i < appends.Count; i++)
        {
            var append = appends[i];
            if (admitted)
            {
                var record = session.Append(append, now);
                append.Position = record.Position;
                append.Status = AppendStatus.Appended;
                bytes += record.Payload.Length;
                _records.Add((append.Partition, record));
            }
            else if (append.Status == AppendStatus.Full)
            {
                _statistics.Refused(1);
            }
        }

        return bytes;
    }

    private void Complete(Exception? error)
    {
        long bytes = 0;
        foreach (var work in _batch)
        {
            bytes += work.Bytes;
        }

        lock (_gate)
        {
            _queuedAppends -= _batch.Count;
            _queuedBytes -= bytes;
        }

        foreach (var work in _batch)
        {
            if (error is not null && _isDiskFull(error))
            {
                _statistics.Refused(work.Appends.Count);
                Answer(work.Appends, AppendStatus.Full, null);
            }
            else if (error is not null)
            {
                _statistics.Failed(work.Appends.Count);
                Answer(work.Appends, AppendStatus.Failed, error);
            }

            work.SetResult();
        }

        _batch.Clear();
        _records.Clear();
    }

    private void Do(SetAsideWork work)
    {
        try
        {
            Session().SetAside(work.Partition, work.Record, work.Reason, _time.GetUtcNow().ToUnixTimeMilliseconds());
            work.SetResult();
        }
        catch (Exception exception)
        {
            StoreFailed(exception);
            work.SetException(exception);
        }
    }

    private void Do(TrimWork work)
    {
        Exception? error = null;
        try
        {
            if (!Session().TrimChunk(work.Partition, work.UpTo))
            {
                return;
            }

            _trimmed(work.Partition, work.UpTo);
        }
        catch (ArgumentOutOfRangeException exception)
        {
            error = exception;
        }
        catch (Exception exception)
        {
            StoreFailed(exception);
            error = exception;
        }

        lock (_gate)
        {
            _trims.Dequeue();
        }

        if (error is null)
        {
            work.SetResult();
        }
        else
        {
            work.SetException(error);
        }
    }

    private ILogSession Session() => _session ??= _open();

    private void StoreFailed(Exception exception)
    {
        _statistics.StoreFailed();
        _damage.Observe(exception);
        if (!_isDiskFull(exception))
        {
            PointLogMessages.StoreFailed(_logger, _path, exception);
        }
        else if (!_diskFull)
        {
            _diskFull = true;
            PointLogMessages.DiskFull(_logger, _path);
        }

        if (_session?.TryRollback(exception) == false)
        {
            _session.Dispose();
            _session = null;
        }
    }

    private void DiskHasRoom()
    {
        if (_diskFull)
        {
            _diskFull = false;
            PointLogMessages.DiskHasRoom(_logger, _path);
        }
    }

    private void End()
    {
        try
        {
            _session?.Close();
        }
        catch (Exception exception)
        {
            StoreFailed(exception);
        }

        _session?.Dispose();
        _session = null;
        _ended.SetResult();
    }
}
