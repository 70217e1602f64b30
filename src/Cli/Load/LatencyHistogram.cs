using System.Numerics;

namespace OrleansMetrics.Cli.Load;

/// <summary>
/// Counts durations in buckets of 32 per power of two of microseconds: a fixed size, quantiles at most 3.2 % too high, an exact maximum.
/// Not safe for many threads: one per connection, merged at the end.
/// </summary>
internal sealed class LatencyHistogram
{
    private const int SubBits = 5;
    private const int SubBuckets = 1 << SubBits;

    private readonly long[] _counts = new long[(64 - SubBits) * SubBuckets];
    private long _total;

    /// <summary>The longest duration.</summary>
    public TimeSpan Max { get; private set; }

    /// <summary>Counts a duration.</summary>
    public void Add(TimeSpan duration)
    {
        var microseconds = (ulong)Math.Max(0, duration.Ticks / TimeSpan.TicksPerMicrosecond);
        _counts[Bucket(microseconds)]++;
        _total++;
        Max = duration > Max ? duration : Max;
    }

    /// <summary>Adds what another one counted.</summary>
    public void Merge(LatencyHistogram other)
    {
        for (var i = 0; i < _counts.Length; i++)
        {
            _counts[i] += other._counts[i];
        }
        _total += other._total;
        Max = other.Max > Max ? other.Max : Max;
    }

    /// <summary>The duration that a share of all durations does not exceed; zero when there are none.</summary>
    public TimeSpan Quantile(double probability)
    {
        if (_total == 0)
        {
            return TimeSpan.Zero;
        }
        var rank = Math.Max(1, (long)Math.Ceiling(probability * _total));
        var seen = 0L;
        for (var i = 0; i < _counts.Length; i++)
        {
            seen += _counts[i];
            if (seen >= rank)
            {
                var highest = TimeSpan.FromMicroseconds(Highest(i));
                return highest < Max ? highest : Max;
            }
        }
        return Max;
    }

    private static int Bucket(ulong value)
    {
        if (value < SubBuckets)
        {
            return (int)value;
        }
        var shift = BitOperations.Log2(value) - SubBits;
        return (shift * SubBuckets) + (int)(value >> shift);
    }

    private static double Highest(int bucket)
    {
        var shift = bucket < 2 * SubBuckets ? 0 : (bucket / SubBuckets) - 1;
        var position = (ulong)(bucket - (shift * SubBuckets));
        return ((position + 1) << shift) - 1;
    }
}
