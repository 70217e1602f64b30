namespace OrleansMetrics.Streams.PointLog;

/// <summary>Who waits for which position, and how far each partition has been seen to reach. Any thread.</summary>
/// <param name="partitions">Of the log.</param>
/// <param name="log">The log's type, for those who wait when it is closed.</param>
internal sealed class LogWaiters(int partitions, Type log)
{
    private readonly Lock _lock = new();
    private readonly List<Waiter> _waiters = [];
    private readonly long[] _seen = new long[partitions];
    private bool _closed;

    /// <summary>Tells that the partition holds a record at this position.</summary>
    public void Seen(int partition, long position)
    {
        lock (_lock)
        {
            if (position <= _seen[partition])
            {
                return;
            }

            Volatile.Write(ref _seen[partition], position);
            foreach (var waiter in _waiters)
            {
                if (waiter.Partition == partition && waiter.After < position)
                {
                    waiter.TrySetResult();
                }
            }
        }
    }

    /// <summary>Whether the partition is known to hold a record after a position.</summary>
    public bool Holds(int partition, long after) => Volatile.Read(ref _seen[partition]) > after;

    /// <summary>Completes when the partition is known to hold a record after the position.</summary>
    public async Task WaitAsync(int partition, long after, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var waiter = new Waiter(partition, after);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed, log);
            if (_seen[partition] > after)
            {
                return;
            }

            _waiters.Add(waiter);
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

    /// <summary>Whether nobody waits.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_lock)
            {
                return _waiters.Count == 0;
            }
        }
    }

    /// <summary>The partitions that somebody waits for.</summary>
    public HashSet<int> Partitions() => Partitions(static _ => true);

    /// <summary>The partitions that somebody waits for who has begun to wait since this was last asked.</summary>
    public HashSet<int> NewPartitions() => Partitions(static waiter => waiter.IsNew);

    /// <summary>Fails those that wait and those to come.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _closed = true;
            foreach (var waiter in _waiters)
            {
                waiter.TrySetException(new ObjectDisposedException(log.FullName));
            }
        }
    }

    private HashSet<int> Partitions(Predicate<Waiter> which)
    {
        var partitions = new HashSet<int>();
        lock (_lock)
        {
            foreach (var waiter in _waiters)
            {
                if (which(waiter))
                {
                    partitions.Add(waiter.Partition);
                }

                waiter.IsNew = false;
            }
        }

        return partitions;
    }

    private sealed class Waiter(int partition, long after) : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public int Partition { get; } = partition;

        public long After { get; } = after;

        /// <summary>Whether its partition has not been told to anyone yet.</summary>
        public bool IsNew { get; set; } = true;
    }
}
