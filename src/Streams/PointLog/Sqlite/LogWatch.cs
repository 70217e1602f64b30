using Microsoft.Extensions.Logging;

namespace OrleansMetrics.Streams.PointLog.Sqlite;

/// <summary>
/// Who waits for which position. Appends of this process wake them at once; for those of other processes the file's data version
/// is looked at every <see cref="PointLogOptions.PollInterval"/>, only while somebody waits.
/// </summary>
internal sealed class LogWatch(LogDatabase database, PointLogOptions options, TimeProvider time, PointLogStatistics statistics, ILogger logger)
    : IAsyncDisposable
{
    private const int MaxBackOffShift = 6;

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly List<Waiter> _waiters = [];
    private readonly long[] _known = new long[database.Partitions];
    private Task _poller = Task.CompletedTask;
    private bool _polling;

    // Of the poller.
    private LogReadSession? _session;
    private long _version = -1;

    /// <summary>Completes when a record after the position is known to exist.</summary>
    public ValueTask WaitAsync(int partition, long after, CancellationToken cancellationToken) =>
        Volatile.Read(ref _known[partition]) > after ? ValueTask.CompletedTask : new ValueTask(WaitLongerAsync(partition, after, cancellationToken));

    /// <summary>Tells that the partition holds a record at this position.</summary>
    public void Seen(int partition, long position)
    {
        lock (_lock)
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

    /// <summary>Fails those that wait and stops the poller.</summary>
    public async ValueTask DisposeAsync()
    {
        Task poller;
        lock (_lock)
        {
            if (_closing.IsCancellationRequested)
            {
                return;
            }

            _closing.Cancel();
            foreach (var waiter in _waiters)
            {
                waiter.TrySetException(new ObjectDisposedException(nameof(SqlitePointLog)));
            }

            poller = _poller;
        }

        await poller.ConfigureAwait(false);
        _session?.Dispose();
        _closing.Dispose();
    }

    private async Task WaitLongerAsync(int partition, long after, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var waiter = new Waiter(partition, after);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closing.IsCancellationRequested, typeof(SqlitePointLog));
            if (_known[partition] > after)
            {
                return;
            }

            _waiters.Add(waiter);
            if (!_polling)
            {
                _polling = true;
                _poller = Task.Run(PollAsync, CancellationToken.None);
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
            lock (_lock)
            {
                _waiters.Remove(waiter);
            }
        }
    }

    private async Task PollAsync()
    {
        var failures = 0;
        while (true)
        {
            lock (_lock)
            {
                if (_waiters.Count == 0 || _closing.IsCancellationRequested)
                {
                    _polling = false;
                    return;
                }
            }

            try
            {
                Poll();
                failures = 0;
            }
            catch (Exception exception)
            {
                failures++;
                statistics.StoreFailed();
                SqlitePointLogMessages.PollFailed(logger, database.Path, failures, exception);
                _session?.Dispose();
                _session = null;
                _version = -1;
            }

            var pause = options.PollInterval * (1 << Math.Min(failures, MaxBackOffShift));
            await Task.Delay(pause, time, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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
        lock (_lock)
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
