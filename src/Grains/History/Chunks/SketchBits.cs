using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.History.Chunks;

/// <summary>The sketch of a window of more than eight points: a bit that says whether all values are equal, and if not the form of snapshots.</summary>
internal static class SketchBits
{
    public static void Write(BitSink output, WindowState window)
    {
        // The finest scale is one bit, the first.
        var coded = window.CodedSketch;
        var equal = window.Min.Equals(window.Max) && (coded is null ? window.Sketch.Scale == ExponentialHistogram.MaxScale : coded.Open().Read(1) == 1);
        output.Write(equal ? 1UL : 0, 1);
        if (equal)
        {
            return;
        }

        if (coded is not null)
        {
            output.Write(coded);
            return;
        }

        var sketch = window.Sketch;
        output.WriteGamma((ulong)(ExponentialHistogram.MaxScale - sketch.Scale) + 1);
        output.WriteGamma((ulong)sketch.Zeros + 1);
        var negative = CountOf(sketch.Negative);
        output.WriteGamma((ulong)negative + 1);
        WriteCounters(output, sketch.Positive, withFirst: sketch.Zeros + negative > 0);
        WriteCounters(output, sketch.Negative, withFirst: true);
    }

    /// <exception cref="InvalidDataException">The bits are no sketch of this window.</exception>
    public static void Read(ref BitReader input, WindowState window, SketchReading reading)
    {
        if (input.Read(1) == 0)
        {
            window.ReadSketch(ref input, reading);
            return;
        }

        if (!window.Min.Equals(window.Max))
        {
            throw new InvalidDataException("a window's values are not equal");
        }

        window.Sketch.BeginCounts(ExponentialHistogram.MaxScale, window.Min == 0 ? window.Count : 0);
        if (window.Min > 0)
        {
            window.Sketch.AppendPositive(BucketIndex.Of(window.Min), window.Count);
        }
        else if (window.Min < 0)
        {
            window.Sketch.AppendNegative(BucketIndex.Of(-window.Min), window.Count);
        }
    }

    private static long CountOf(in BucketCounts buckets)
    {
        long sum = 0;
        foreach (var (_, count) in buckets)
        {
            sum += count;
        }

        return sum;
    }

    private static void WriteCounters(BitSink output, in BucketCounts buckets, bool withFirst)
    {
        if (buckets.IsEmpty)
        {
            return;
        }

        if (withFirst)
        {
            output.WriteGamma((((ulong)buckets.First << 1) ^ (ulong)(long)(buckets.First >> 31)) + 1);
        }

        var previous = buckets.First;
        foreach (var (bucket, count) in buckets)
        {
            if (bucket == previous)
            {
                output.WriteGamma((ulong)count);
                continue;
            }

            output.WriteGammas((ulong)(bucket - previous), (ulong)count);
            previous = bucket;
        }
    }
}
