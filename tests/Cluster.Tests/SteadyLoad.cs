using System.Diagnostics;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Windows;

namespace OrleansMetrics.Cluster.Tests;

/// <summary>Sends one point per metric every ten milliseconds, and watches for how long a metric's answers lag behind.</summary>
internal sealed class SteadyLoad : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    private readonly MetricsCluster _cluster;
    private readonly SeriesEntryOf[] _series;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _sending;
    private readonly Task[] _watching;
    private readonly Lock _lock = new();
    private TimeSpan _longestGap;
    private long _gapsSince;
    private long _rounds;

    public SteadyLoad(MetricsCluster cluster, IReadOnlyList<string> metrics)
    {
        _cluster = cluster;
        _series = [.. metrics.Select(metric => new SeriesEntryOf(metric, cluster.Series(metric, new Tag("host", "a"))))];
        _sending = Task.Run(SendAsync);

        // One metric of each partition is enough.
        _watching = [.. _series.DistinctBy(static s => s.Entry.Metric.Partition).Select(s => Task.Run(() => WatchAsync(s.Name)))];
    }

    /// <summary>The longest time since <see cref="ResetGaps"/> in which some metric showed no new points.</summary>
    public TimeSpan LongestGap
    {
        get
        {
            lock (_lock)
            {
                return _longestGap;
            }
        }
    }

    public void ResetGaps()
    {
        lock (_lock)
        {
            _longestGap = TimeSpan.Zero;
            _gapsSince = Stopwatch.GetTimestamp();
        }
    }

    public async Task RunForAsync(TimeSpan time)
    {
        var until = Volatile.Read(ref _rounds) + (long)(time / Pause / 4);
        var started = Stopwatch.GetTimestamp();
        while (Volatile.Read(ref _rounds) < until || Stopwatch.GetElapsedTime(started) < time)
        {
            await Task.Delay(Pause);
        }
    }

    /// <summary>Ends the load; returns how many points each metric was sent.</summary>
    public async Task<long> StopAsync()
    {
        await _stop.CancelAsync();
        await _sending;
        await Task.WhenAll(_watching);
        return _rounds;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task SendAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            await _cluster.SendAsync(_series.Select(static s => (s.Entry, 1d, DateTimeOffset.UtcNow)));
            Interlocked.Increment(ref _rounds);
            await Task.Delay(Pause);
        }
    }

    private async Task WatchAsync(string metric)
    {
        var grain = _cluster.Grains.GetGrain<IAggregatorGrain>(metric);
        var seen = 0L;
        var fresh = Stopwatch.GetTimestamp();
        while (!_stop.IsCancellationRequested)
        {
            var count = await CountAsync(grain);
            var now = Stopwatch.GetTimestamp();
            lock (_lock)
            {
                var gap = Stopwatch.GetElapsedTime(Math.Max(fresh, _gapsSince), now);
                _longestGap = gap > _longestGap ? gap : _longestGap;
            }

            if (count > seen)
            {
                (seen, fresh) = (count, now);
            }

            await Task.Delay(Pause);
        }
    }

    private static async Task<long> CountAsync(IAggregatorGrain grain)
    {
        try
        {
            var aggregates = await grain.GetAggregates(new AggregatesQuery()).WaitAsync(Patience);
            return aggregates?.Series.Sum(static s => s.Total.Count) ?? 0;
        }
        catch (Exception)
        {
            // No answer is what is measured here.
            return 0;
        }
    }

    private readonly record struct SeriesEntryOf(string Name, Streams.Batching.SeriesEntry Entry);
}
