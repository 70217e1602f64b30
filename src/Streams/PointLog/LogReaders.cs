using System.Collections.Concurrent;

namespace OrleansMetrics.Streams.PointLog;

/// <summary>The sessions that read, bounded in number, each read on a pool thread.</summary>
/// <param name="log">The log's type, for those who read when it is closed.</param>
/// <param name="open">Opens another session. One that failed is disposed.</param>
/// <param name="maxConcurrentReads">How many there are at most.</param>
/// <param name="damage">Told of damage.</param>
internal sealed class LogReaders<TSession>(Type log, Func<TSession> open, int maxConcurrentReads, LogDamage damage) : IAsyncDisposable
    where TSession : class, IDisposable
{
    private readonly SemaphoreSlim _slots = new(maxConcurrentReads);
    private readonly ConcurrentBag<TSession> _idle = [];
    private volatile bool _closed;

    public async Task<T> RunAsync<T>(Func<TSession, T> read, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_closed, log);
        await _slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_closed, log);
            return await Task.Run(() => Run(read), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _slots.Release();
        }
    }

    /// <summary>Takes no more reads, waits for those that run, and closes the sessions.</summary>
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

    private T Run<T>(Func<TSession, T> read)
    {
        _idle.TryTake(out var session);
        try
        {
            session ??= open();
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
