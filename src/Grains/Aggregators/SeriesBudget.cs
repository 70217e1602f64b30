using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using OrleansMetrics.Grains.Windows;

namespace OrleansMetrics.Grains.Aggregators;

/// <summary>The series in the memory of this silo, and which of its metrics have more than they may. Lock-free; used once per slice, never per point.</summary>
public sealed class SeriesBudget(IOptions<SeriesOptions> options, TimeProvider time)
{
    /// <summary>Metrics noted as overflowing; further ones are only counted.</summary>
    public const int MaxOverflowing = 1_000;

    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, long> _overflowing = new(StringComparer.Ordinal);
    private readonly int _max = options.Value.MaxPerNode;
    private long _series;
    private long _overflowed;

    /// <summary>Series of the aggregators that are active here.</summary>
    public long Series => Volatile.Read(ref _series);

    /// <summary>Points that went to overflow series since the process started; points that were replayed count again.</summary>
    public long Overflowed => Volatile.Read(ref _overflowed);

    /// <summary>No more series are to start.</summary>
    public bool IsFull => Series >= _max;

    /// <summary>Metrics with points in their overflow series within the last minute, in no order.</summary>
    public string[] Overflowing()
    {
        foreach (var (metric, at) in _overflowing)
        {
            if (time.GetElapsedTime(at) > Memory)
            {
                _overflowing.TryRemove(new KeyValuePair<string, long>(metric, at));
            }
        }

        return [.. _overflowing.Keys];
    }

    internal void Change(int series) => Interlocked.Add(ref _series, series);

    internal void PointsOverflowed(string metric, long points)
    {
        Interlocked.Add(ref _overflowed, points);
        if (_overflowing.ContainsKey(metric) || _overflowing.Count < MaxOverflowing)
        {
            _overflowing[metric] = time.GetTimestamp();
        }
    }
}
