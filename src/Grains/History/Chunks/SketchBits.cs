using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.History.Chunks;

/// <summary>The sketch of a window of more than eight points: a bit that says whether all values are equal, and if not the form of snapshots.</summary>
internal static class SketchBits
{
    public static void Write(BitSink output, WindowState window)
    {
        var sketch = window.Sketch;
        var equal = window.Min.Equals(window.Max) && sketch.Scale == ExponentialHistogram.MaxScale;
        output.Write(equal ? 1UL : 0, 1);
        if (equal)
        {
            return;
        }

        output.WriteGamma((ulong)(ExponentialHistogram.MaxScale - sketch.Scale) + 1);
        output.WriteGamma((ulong)sketch.Zeros + 1);
        var negative = CountOf(sketch.Negative);
        output.WriteGamma((ulong)negative + 1);
        WriteCounters(output, sketch.Positive, withFirst: sketch.Zeros + negative > 0);
        WriteCounters(output, sketch.Negative, withFirst: true);
    }

    /// <exception cref="InvalidDataException">The bits are no sketch of this window.</exception>
    public static void Read(ref BitReader input, WindowState window)
    {
        if (input.Read(1) == 0)
        {
            WindowCodec.ReadSketch(ref input, window, window.Sketch);
            return;
        }

        if (!window.Min.Equals(window.Max))
        {
            throw new InvalidDataException("a window's values are not equal");
        }

        window.Sketch.BeginCounts(ExponentialHistogram.MaxScale, window.Min == 0 ? window.Count : 0);
        if (window.Min > 0)
        {
            window.Sketch.AddPositive(BucketIndex.Of(window.Min), window.Count);
        }
        else if (window.Min < 0)
        {
            window.Sketch.AddNegative(BucketIndex.Of(-window.Min), window.Count);
        }
    }

    private static long CountOf(in BucketCounts buckets)
    {
        long count = 0;
        if (!buckets.IsEmpty)
        {
            for (var bucket = buckets.First; bucket <= buckets.Last; bucket = buckets.NextCounted(bucket + 1))
            {
                count += buckets[bucket];
            }
        }

        return count;
    }

    private static void WriteCounters(BitSink output, in BucketCounts buckets, bool withFirst)
    {
        if (buckets.IsEmpty)
        {
            return;
        }

        // The first bucket of a merged or coarsened run always has values.
        var previous = buckets.First;
        if (withFirst)
        {
            output.WriteGamma((((ulong)previous << 1) ^ (ulong)(long)(previous >> 31)) + 1);
        }

        output.WriteGamma((ulong)buckets[previous]);
        for (var bucket = buckets.NextCounted(previous + 1); bucket <= buckets.Last; bucket = buckets.NextCounted(bucket + 1))
        {
            output.WriteGamma((ulong)(bucket - previous));
            output.WriteGamma((ulong)buckets[bucket]);
            previous = bucket;
        }
    }
}
