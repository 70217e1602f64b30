using Microsoft.Extensions.Logging;
using OrleansMetrics.Streams.PointLog;
using StackExchange.Redis;

namespace OrleansMetrics.Streams.Redis;

/// <summary>
/// Wakes those that wait, <see cref="PacedNews"/>. Appends of this process are known at once. Those of other processes are published by the append script;
/// a partition is subscribed to while somebody waits for it now and then. A message can be lost, so the heads are also looked at: every second,
/// and every <see cref="PointLogOptions.PollInterval"/> while there is no subscription. When more is published than a process is woken for, it no longer listens
/// and looks at the heads instead, once per <see cref="RedisLogOptions.WakeInterval"/>, until that mostly says nothing new.
/// </summary>
internal sealed class RedisLogWatch : IAsyncDisposable
{
    private const int MaxBackOffShift = 6;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan IdleBeforeUnsubscribed = TimeSpan.FromMinutes(1);

    /// <summary>Messages are counted over this time at least.</summary>
    private static readonly TimeSpan Counted = TimeSpan.FromSeconds(0.5);

    /// <summary>Messages per interval from which on looking is cheaper than listening.</summary>
    private const int BusyMessages = 2;

    /// <summary>So many looks more without news than with some, and it listens again.</summary>
    private const int QuietLooks = 10;

    private readonly RedisStore _store;
    private readonly PointLogOptions _options;
    private readonly TimeSpan _interval;
    private readonly PointLogStatistics _statistics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly LogWaiters _waiters;
    private readonly PacedNews _news;
    private readonly SemaphoreSlim _wanted = new(0, 1);
    private readonly CancellationTokenSource _closing = new();
    private readonly bool[] _subscribed;
    private readonly long[] _lastWaited;
    private readonly Task _loop;
    private long _messages;
    private long _countedFrom;
    private bool _looks;
    private int _quiet;

    public RedisLogWatch(RedisStore store, PointLogOptions options, TimeSpan interval, PointLogStatistics statistics, TimeProvider time, ILogger logger)
    {
        _store = store;
        _options = options;
        _interval = interval;
        _statistics = statistics;
        _time = time;
        _logger = logger;
        _waiters = new LogWaiters(store.Partitions, typeof(RedisPointLog));
        _news = new PacedNews(_waiters.Seen, store.Partitions, interval, time);
        _subscribed = new bool[store.Partitions];
        _lastWaited = new long[store.Partitions];
        store.Reconnected += Look;
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Completes when a record after the position is known to exist.</summary>
    public ValueTask WaitAsync(int partition, long after, CancellationToken cancellationToken)
    {
        if (_waiters.Holds(partition, after))
        {
            return ValueTask.CompletedTask;
        }

        var wait = _waiters.WaitAsync(partition, after, cancellationToken);
        if (!Volatile.Read(ref _subscribed[partition]) && !Volatile.Read(ref _looks))
        {
            Look();
        }

        return new ValueTask(wait);
    }

    /// <summary>Tells that the partition holds a record at this position.</summary>
    public void Seen(int partition, long position) => _news.Seen(partition, position);

    /// <summary>Fails those that wait and ends the polling. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        _store.Reconnected -= Look;
        _news.Dispose();
        _waiters.Close();
        await _closing.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
    }

    private void Look()
    {
        try
        {
            _wanted.Release();
        }
        catch (SemaphoreFullException)
        {
            // It will look anyway.
        }
    }

    private async Task RunAsync()
    {
        var failures = 0;
        while (await SleepAsync(failures).ConfigureAwait(false))
        {
            try
            {
                await (_looks ? LookAsync() : PollAsync()).ConfigureAwait(false);
                failures = 0;
            }
            catch (Exception exception)
            {
                failures++;
                _statistics.StoreFailed();
                RedisPointLogMessages.PollFailed(_logger, failures, exception);
            }
        }
    }

    // Until somebody needs it or the pause is over; false when closed.
    private async Task<bool> SleepAsync(int failures)
    {
        try
        {
            if (_looks && failures == 0)
            {
                await Task.Delay(_interval, _time, _closing.Token).ConfigureAwait(false);
                return true;
            }

            var partitions = _waiters.Partitions();
            if (partitions.Count == 0 && failures == 0 && !Array.Exists(_subscribed, static subscribed => subscribed))
            {
                await _wanted.WaitAsync(_closing.Token).ConfigureAwait(false);
                return true;
            }

            using var over = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token);
            var pause = failures > 0 ? _options.PollInterval * (1 << Math.Min(failures, MaxBackOffShift))
                : partitions.Any(IsDeaf) ? _options.PollInterval
                : Pause;
            var delay = Task.Delay(pause, _time, over.Token);
            var wanted = failures > 0 ? delay : _wanted.WaitAsync(over.Token);
            await Task.WhenAny(delay, wanted).ConfigureAwait(false);
            await over.CancelAsync().ConfigureAwait(false);
            return !_closing.IsCancellationRequested;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private bool IsDeaf(int partition) => !_subscribed[partition] || !_store.Subscriber.IsConnected(_store.Keys(partition).Appended);

    private async Task PollAsync()
    {
        var now = _time.GetTimestamp();
        var partitions = _waiters.Partitions();
        foreach (var partition in partitions)
        {
            _lastWaited[partition] = now;
        }

        // Looked at after the subscription: what is appended between the two is published. And looked at when it fails, too.
        var subscriptions = Task.WhenAll(partitions.Where(partition => !_subscribed[partition]).Select(SubscribeAsync));
        await subscriptions.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(partitions.Select(LookAtAsync)).ConfigureAwait(false);
        await subscriptions.ConfigureAwait(false);
        if (IsBusy(now))
        {
            _quiet = 0;
            Volatile.Write(ref _looks, true);
        }

        await UnsubscribeAsync(partition => _looks || _time.GetElapsedTime(_lastWaited[partition], now) > IdleBeforeUnsubscribed).ConfigureAwait(false);
    }

    private bool IsBusy(long now)
    {
        var elapsed = _time.GetElapsedTime(_countedFrom, now);
        if (elapsed < Counted)
        {
            return false;
        }

        _countedFrom = now;
        return _interval > TimeSpan.Zero && Interlocked.Exchange(ref _messages, 0) * _interval >= BusyMessages * elapsed;
    }

    private async Task LookAsync()
    {
        var found = await Task.WhenAll(_waiters.Partitions().Select(LookAtAsync)).ConfigureAwait(false);
        _quiet = found.Contains(true) ? Math.Max(0, _quiet - 1) : _quiet + 1;
        if (_quiet == QuietLooks)
        {
            // Those that begin to wait from here on ask for a look themselves.
            Volatile.Write(ref _looks, false);
            Interlocked.Exchange(ref _messages, 0);
            _countedFrom = _time.GetTimestamp();
            Look();
        }
    }

    private async Task UnsubscribeAsync(Predicate<int> which)
    {
        for (var partition = 0; partition < _subscribed.Length; partition++)
        {
            if (_subscribed[partition] && which(partition))
            {
                Volatile.Write(ref _subscribed[partition], false);
                await _store.Subscriber.UnsubscribeAsync(_store.Keys(partition).Appended).ConfigureAwait(false);
            }
        }
    }

    private async Task SubscribeAsync(int partition)
    {
        await _store.Subscriber.SubscribeAsync(_store.Keys(partition).Appended, (_, message) => Published(partition, message)).ConfigureAwait(false);
        Volatile.Write(ref _subscribed[partition], true);
    }

    private void Published(int partition, RedisValue message)
    {
        if (message.TryParse(out long position))
        {
            Interlocked.Increment(ref _messages);
            _news.Seen(partition, position);
        }
    }

    /// <summary>Those that wait for a partition are told at once; whether there was anything new.</summary>
    private async Task<bool> LookAtAsync(int partition)
    {
        var position = await _store.Database.HashGetAsync(_store.Keys(partition).Head, HeadFields.Position, CommandFlags.DemandMaster).ConfigureAwait(false);
        if (!position.TryParse(out long found) || _waiters.Holds(partition, found - 1))
        {
            return false;
        }

        _waiters.Seen(partition, found);
        return true;
    }
}
