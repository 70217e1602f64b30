using Microsoft.Extensions.Logging;

namespace OrleansMetrics.Streams.PointLog.Sqlite;

/// <summary>
/// Who waits for which position. Appends of this process wake them at once; for those of other processes the file's data version
/// is looked at every <see cref="PointLogOptions.PollInterval"/>, only while somebody waits, and less and less often while nothing changes;
/// not at all when the file is not shared with any.
/// </summary>
/// <remarks>
/// The poller is a thread of its own that sleeps on a monitor, and so uses the machine's clock: a timer on the thread pool costs
/// 370 µs of CPU a tick, because pool threads spin before they sleep; the poll itself costs 6 µs.
/// </remarks>
internal sealed class LogWatch(LogDatabase database, bool isShared, PointLogOptions options, PointLogStatistics statistics, LogDamage damage, ILogger logger)
    : IAsyncDisposable
{
    private const int MaxBackOffShift = 6;
    private const int MaxQuietShift = 4;
    private const int QuietPollsPerShift = 64;

    private readonly LogWaiters _waiters = new(database.Partitions, typeof(SqlitePointLog));

    // Guards what follows. A monitor, because the poller sleeps on it.
    private readonly object _gate = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Thread? _poller;
    private bool _sleeping;
    private bool _closed;

    // Of the poller.
    private LogReadSession? _session;
    private long _version = -1;
    private int _quiet;

    /// <summary>Takes note of the records that are there already, if nothing will look for them later.</summary>
    public void Start()
    {
        if (isShared)
        {
            return;
        }

        using var session = new LogReadSession(database);
        for (var partition = 0; partition < database.Partitions; partition++)
        {
            Seen(partition, session.Head(partition).Position);
        }
    }

    /// <summary>Completes when a record after the position is known to exist.</summary>
    public ValueTask WaitAsync(int partition, long after, CancellationToken cancellationToken)
    {
        if (_waiters.Holds(partition, after))
        {
            return ValueTask.CompletedTask;
        }

        var wait = _waiters.WaitAsync(partition, after, cancellationToken);
        if (isShared && !wait.IsCompleted)
        {
            WakePoller();
        }

        return new ValueTask(wait);
    }

    /// <summary>Tells that the partition holds a record at this position.</summary>
    public void Seen(int partition, long position) => _waiters.Seen(partition, position);

    /// <summary>Fails those that wait and ends the poller. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiters.Close();
        lock (_gate)
        {
            _closed = true;
            if (_poller is null)
            {
                return;
            }

            Monitor.Pulse(_gate);
        }

        await _ended.Task.ConfigureAwait(false);
        _poller.Join();
    }

    private void WakePoller()
    {
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            if (_poller is null)
            {
                _poller = new Thread(Run) { IsBackground = true, Name = "point log watch" };
                _poller.Start();
            }
            else if (_sleeping)
            {
                Monitor.Pulse(_gate);
            }
        }
    }

    private void Run()
    {
        var failures = 0;
        while (Sleep(failures))
        {
            try
            {
                Poll();
                failures = 0;
            }
            catch (Exception exception)
            {
                failures++;
                damage.Observe(exception);
                statistics.StoreFailed();
                SqlitePointLogMessages.PollFailed(logger, database.Path, failures, exception);
                _session?.Dispose();
                _session = null;
                _version = -1;
            }
        }

        _session?.Dispose();
        _ended.SetResult();
    }

    // A poll's pause, and longer while nobody waits; false when closed.
    private bool Sleep(int failures)
    {
        lock (_gate)
        {
            if (!_closed)
            {
                var shift = Math.Max(Math.Min(failures, MaxBackOffShift), Math.Min(_quiet / QuietPollsPerShift, MaxQuietShift));
                Monitor.Wait(_gate, options.PollInterval * (1 << shift));
            }

            while (!_closed && _waiters.IsEmpty)
            {
                _sleeping = true;
                Monitor.Wait(_gate);
                _sleeping = false;
            }

            return !_closed;
        }
    }

    private void Poll()
    {
        _session ??= new LogReadSession(database);

        // The version comes first: what is committed after it is found by the next poll.
        var version = _session.DataVersion();
        var changed = version != _version;
        _version = version;
        _quiet = changed ? 0 : Math.Min(_quiet + 1, MaxQuietShift * QuietPollsPerShift);
        foreach (var partition in changed ? _waiters.Partitions() : _waiters.NewPartitions())
        {
            _waiters.Seen(partition, _session.Head(partition).Position);
        }
    }
}
