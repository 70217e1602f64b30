using System.Numerics;
using Microsoft.Extensions.Logging;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Streams.Redis;

/// <summary>
/// Knows whether Redis is worth asking. After an append had to be given up, appends are refused at once until the log could be opened
/// again. After every reconnect the partitions are opened again too, so that a lost tail is marked before somebody waits for it.
/// </summary>
internal sealed class StoreGuard : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private readonly RedisStore _store;
    private readonly PointLogStatistics _statistics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _wanted = new(0, 1);
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _loop;
    private volatile bool _down;

    public StoreGuard(RedisStore store, PointLogStatistics statistics, TimeProvider time, ILogger logger)
    {
        _store = store;
        _statistics = statistics;
        _time = time;
        _logger = logger;
        store.Reconnected += Check;
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Whether appends are to be refused.</summary>
    public bool IsDown => _down;

    /// <summary>An append was given up.</summary>
    public void GivenUp()
    {
        _down = true;
        Check();
    }

    public async ValueTask DisposeAsync()
    {
        _store.Reconnected -= Check;
        await _closing.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        _closing.Dispose();
    }

    private void Check()
    {
        try
        {
            _wanted.Release();
        }
        catch (SemaphoreFullException)
        {
            // Wanted already.
        }
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                await _wanted.WaitAsync(_closing.Token).ConfigureAwait(false);
                for (var failures = 0; !await TryOpenAsync(failures).ConfigureAwait(false); failures++)
                {
                    var pause = FirstPause * (1 << Math.Min(failures, 10));
                    await _store.ReconfigureAsync().ConfigureAwait(false);
                    await Task.Delay(pause < LongestPause ? pause : LongestPause, _time, _closing.Token).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Closing.
        }
    }

    private async Task<bool> TryOpenAsync(int failures)
    {
        try
        {
            await _store.OpenPartitionsAsync().ConfigureAwait(false);
            if (_down)
            {
                _down = false;
                RedisPointLogMessages.Recovered(_logger);
            }

            return true;
        }
        catch (Exception exception)
        {
            // A log of another shape is no place to append to, however well Redis answers.
            _down |= exception is InvalidOperationException;
            _statistics.StoreFailed();
            if (BitOperations.IsPow2(failures + 1))
            {
                RedisPointLogMessages.NotUsable(_logger, failures + 1, exception);
            }

            return false;
        }
    }
}
