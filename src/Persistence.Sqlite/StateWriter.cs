using Microsoft.Extensions.Logging;

namespace OrleansMetrics.Persistence.Sqlite;

/// <summary>
/// The commit thread and its queue: writes that wait at the same time share a transaction. An error of the store fails the writes
/// of that transaction and reopens the connection; the thread lives on.
/// </summary>
internal sealed class StateWriter : IAsyncDisposable
{
    private readonly StateDatabase _database;
    private readonly SqliteGrainStorageOptions _options;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _slots;
    private readonly Thread _thread;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Guards the queue. A monitor, because the commit thread sleeps on it.
    private readonly object _gate = new();
    private readonly Queue<StateWrite> _queue = [];
    private bool _closed;

    // Of the commit thread.
    private readonly List<StateWrite> _batch = [];
    private StateWriteSession? _session;
    private long _commits;
    private long _storeErrors;

    public StateWriter(StateDatabase database, SqliteGrainStorageOptions options, ILogger logger)
    {
        _database = database;
        _options = options;
        _logger = logger;
        _slots = new SemaphoreSlim(options.MaxQueuedWrites);
        _thread = new Thread(Run) { IsBackground = true, Name = "grain state commit" };
        _thread.Start();
    }

    public long Commits => Volatile.Read(ref _commits);

    public long StoreErrors => Volatile.Read(ref _storeErrors);

    /// <summary>Takes a place in the queue, makes the write, and completes when it is committed or refused. Cancellable until it is queued.</summary>
    public async Task<StateWriteResult> WriteAsync(Func<StateWrite> make, CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var write = make();
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_closed, typeof(SqliteGrainStorage));
                _queue.Enqueue(write);
                Monitor.Pulse(_gate);
            }

            return await write.Task.ConfigureAwait(false);
        }
        finally
        {
            _slots.Release();
        }
    }

    /// <summary>Takes no more writes, does those that wait, copies the write-ahead log back and ends the thread. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _closed = true;
            Monitor.Pulse(_gate);
        }

        await _ended.Task.ConfigureAwait(false);
        _thread.Join();
    }

    private void Run()
    {
        while (Take())
        {
            Commit();
        }

        End();
    }

    private bool Take()
    {
        lock (_gate)
        {
            while (_queue.Count == 0)
            {
                if (_closed)
                {
                    return false;
                }

                Monitor.Wait(_gate);
            }

            long bytes = 0;
            while (bytes < _options.MaxCommitBytes && _queue.TryDequeue(out var write))
            {
                bytes += write.Payload?.Length ?? 0;
                _batch.Add(write);
            }

            return true;
        }
    }

    private void Commit()
    {
        Exception? error = null;
        try
        {
            _session ??= new StateWriteSession(_database);
            _session.Begin();
            foreach (var write in _batch)
            {
                write.Result = _session.Do(write);
            }

            _session.Commit();
            Interlocked.Increment(ref _commits);
        }
        catch (Exception exception)
        {
            error = exception;
            StoreFailed(exception);
        }

        foreach (var write in _batch)
        {
            if (error is null)
            {
                write.SetResult(write.Result);
            }
            else
            {
                write.SetException(error);
            }
        }

        _batch.Clear();
    }

    private void StoreFailed(Exception exception)
    {
        Interlocked.Increment(ref _storeErrors);
        SqliteGrainStorageMessages.StoreFailed(_logger, _database.Path, exception);
        _session?.Dispose();
        _session = null;
    }

    private void End()
    {
        try
        {
            _session?.Checkpoint();
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
