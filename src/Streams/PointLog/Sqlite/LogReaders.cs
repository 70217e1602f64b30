using System.Collections.Concurrent;

namespace OrleansMetrics.Streams.PointLog.Sqlite;

/// <summary>The connections that read, bounded in number, each read on a pool thread.</summary>
internal sealed class LogReaders(LogDatabase database, int maxConcurrentReads, LogDamage damage) : IAsyncDisposable
{
    private readonly SemaphoreSlim _slots = new(maxConcurrentReads);
    private readonly ConcurrentBag<LogReadSession> _idle = [];
    private volatile bool _closed;

    public async Task<T> RunAsync<T>(Func<LogReadSession, T> read, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_closed, typeof(SqlitePointLog));
        await _slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_closed, typeof(SqlitePointLog));
            return await Task.Run(() => Run(read), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _slots.Release();
        }
    }

    /// <summary>Takes no more reads, waits for those that run, and closes the connections.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_closed)
        {
            return;
        }

        _closed = true;
        for (var i = 0; i < maxConcurrentReads; i++)
        {
            await _slots.WaitAsync().ConfigureAwait(false);
        }

        // Reads that still wait for a slot find the log closed.
        _slots.Release(maxConcurrentReads);
        while (_idle.TryTake(out var session))
        {
            session.Dispose();
        }
    }

    private T Run<T>(Func<LogReadSession, T> read)
    {
        _idle.TryTake(out var session);
        try
        {
            session ??= new LogReadSession(database);
            var result = read(session);
            _idle.Add(session);
            return result;
        }
        catch (Exception exception)
        {
            damage.Observe(exception);
            session?.Dispose();
            throw;
        }
    }
}
