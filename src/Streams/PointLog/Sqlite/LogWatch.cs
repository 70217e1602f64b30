using Microsoft.Extensions.Logging;

namespace OrleansMetrics.Streams.PointLog.Sqlite;

/// <summary>
/// Who waits for which position. Appends of this process wake them at once; for those of other processes the file's data version
/// is looked at every <see cref="PointLogOptions.PollInterval"/>, only while somebody waits.
/// </summary>
/// <remarks>
/// The poller is a thread of its own that sleeps on a monitor, and so uses the machine's clock: a timer on the thread pool costs
/// 370 µs of CPU a tick, because pool threads spin before they sleep; the poll itself costs 6 µs.
/// </remarks>
internal sealed class LogWatch(LogDatabase database, PointLogOptions options, PointLogStatistics statistics, LogDamage damage, ILogger logger) : IAsyncDisposable
{
    private const int MaxBackOffShift = 6;

    // Guards what follows. A monitor, because the poller sleeps on it.
    private readonly object _gate = new();
    private readonly List<Waiter> _waiters = [];
    private readonly long[] _known = new long[database.Partitions];
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Thread? _poller;
    private bool _sleeping;
    private bool _closed;

    // Of the poller.
    private LogReadSession? _session;
    private long _version = -1;

    /// <summary>Completes when a record after the position is known to exist.</summary>
    public ValueTask WaitAsync(int partition, long after, CancellationToken cancellationToken) =>
        Volatile.Read(ref _known[partition]) > after ? ValueTask.CompletedTask : new ValueTask(WaitLongerAsync(partition, after, cancellationToken));

    /// <summary>Tells that the partition holds a record at this position.</summary>
    public void Seen(int partition, long position)
    {
        lock (_gate)
        {
            if (position <= _known[partition])
            {
                return;
            }

            Volatile.Write(ref _known[partition], position);
            foreach (var waiter in _waiters)
            {
                if (waiter.Partition == partition && waiter.After < position)
                {
                    waiter.TrySetResult();
                }
            }
        }
    }

    /// <summary>Fails those that wait and ends the poller. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _closed = true;
            foreach (var waiter in _waiters)
            {
                waiter.TrySetException(new ObjectDisposedException(nameof(SqlitePointLog)));
            }

            if (_poller is null)
            {
                return;
            }

            Monitor.Pulse(_gate);
        }

        await _ended.Task.ConfigureAwait(false);
        _poller.Join();
    }

    private async Task WaitLongerAsync(int partition, long after, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var waiter = new Waiter(partition, after);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, typeof(SqlitePointLog));
            if (_known[partition] > after)
            {
                return;
            }

            _waiters.Add(waiter);
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

        try
        {
            await using (cancellationToken.UnsafeRegister(static (state, token) => ((Waiter)state!).TrySetCanceled(token), waiter))
            {
                await waiter.Task.ConfigureAwait(false);
            }
        }
        finally
        {
            lock (_gate)
            {
                _waiters.Remove(waiter);
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
                Monitor.Wait(_gate, options.PollInterval * (1 << Math.Min(failures, MaxBackOffShift)));
            }

            while (!_closed && _waiters.Count == 0)
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
        foreach (var partition in PartitionsToLookAt(changed))
        {
            Seen(partition, _session.Head(partition).Position);
        }
    }

    private HashSet<int> PartitionsToLookAt(bool changed)
    {
        var partitions = new HashSet<int>();
        lock (_gate)
        {
            foreach (var waiter in _waiters)
            {
                if (changed || !waiter.LookedAt)
                {
                    partitions.Add(waiter.Partition);
                }

                waiter.LookedAt = true;
            }
        }

        return partitions;
    }

    private sealed class Waiter(int partition, long after) : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public int Partition { get; } = partition;

        public long After { get; } = after;

        /// <summary>Whether the poller has compared the store's head since the wait began.</summary>
        public bool LookedAt { get; set; }
    }
}
