using System.Buffers;
using System.Diagnostics;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>
/// A quantile sketch: OpenTelemetry's base-2 exponential histogram at scale 5 or coarser. Relative error of a quantile at most
/// (b − 1) / (b + 1) with b = 2^(2^−scale): 1.09 % at scale 5. The first eight values are kept as they are, and answered exactly.
/// </summary>
/// <remarks>
/// Holds finite values of any sign. Coarsens only when the values of one sign span more than <see cref="MaxBuckets"/> buckets
/// (2^64 from least to greatest at scale 5). Merging is associative and commutative up to the order of the values kept raw.
/// Source: OpenTelemetry metrics data model, ExponentialHistogram.
/// </remarks>
public sealed class ExponentialHistogram
{
    /// <summary>The finest scale: 32 buckets per power of two.</summary>
    public const int MaxScale = 5;

    /// <summary>Most buckets per sign.</summary>
    public const int MaxBuckets = 2048;

    /// <summary>The coarsest scale: all finite values of one sign fit <see cref="MaxBuckets"/> buckets.</summary>
    internal const int MinScale = -1;

    /// <summary>Values kept as they are.</summary>
    internal const int MaxRaw = 8;

    /// <summary>By scale from <see cref="MinScale"/> on: the middle of a bucket, divided by its lower end.</summary>
    private static readonly double[] Middles = [.. Enumerable.Range(MinScale, MaxScale - MinScale + 1).Select(static scale => 2 / (1 + BucketIndex.LowerEnd(-1, scale)))];

    private readonly double[] _raw = new double[MaxRaw];
    private BucketCounts _positive;
    private BucketCounts _negative;
    private long _zeros;

    /// <summary>Values added.</summary>
    public long Count { get; private set; }

    /// <summary>The scale now.</summary>
    public int Scale { get; private set; } = MaxScale;

    /// <summary>Values that are zero; 0 while the values are kept as they are.</summary>
    internal long Zeros => _zeros;

    /// <summary>Counters of the positive values, and of the absolutes of the negative ones; empty while the values are kept as they are.</summary>
    internal ref readonly BucketCounts Positive => ref _positive;

    internal ref readonly BucketCounts Negative => ref _negative;

    /// <summary>The values in the order of arrival, up to eight.</summary>
    internal ReadOnlySpan<double> Raw => _raw.AsSpan(0, (int)Count);

    private bool IsRaw => Count <= MaxRaw;

    /// <summary>Adds a finite value.</summary>
    public void Add(double value)
    {
        Debug.Assert(double.IsFinite(value));
        if (Count < MaxRaw)
        {
            _raw[Count++] = value;
            return;
        }

        if (Count == MaxRaw)
        {
            foreach (var raw in _raw)
            {
                CountValue(raw);
            }
        }

        Count++;
        CountValue(value);
    }

    /// <summary>Adds all values of another sketch.</summary>
    public void Merge(ExponentialHistogram other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.IsRaw)
        {
            // Counted before: the other sketch may be this one.
            foreach (var raw in other._raw.AsSpan(0, (int)other.Count))
            {
                Add(raw);
            }

            return;
        }

        if (IsRaw)
        {
            for (var i = 0; i < Count; i++)
            {
                CountValue(_raw[i]);
            }
        }

        if (other.Scale < Scale)
        {
            DownscaleTo(other.Scale);
        }

        Count += other.Count;
        _zeros += other._zeros;
        MergeBuckets(ref _positive, other._positive, other.Scale);
        MergeBuckets(ref _negative, other._negative, other.Scale);
    }

    /// <summary>
    /// The value of nearest rank ⌈q·n⌉, estimated by the middle of its bucket and kept within the least and greatest value.
    /// </summary>
    /// <param name="probability">Above 0, up to 1.</param>
    /// <param name="min">Least value added.</param>
    /// <param name="max">Greatest value added.</param>
    /// <returns>NaN when there are no values.</returns>
    public double Quantile(double probability, double min, double max)
    {
        if (Count == 0)
        {
            return double.NaN;
        }

        // A shade less than the product: 0.07 · 100 is 7, which it is not in binary.
        var rank = Math.Clamp((long)Math.Ceiling(probability * Count * (1 - 4e-16)), 1, Count);
        if (IsRaw)
        {
            if (rank == Count)
            {
                return max;
            }

            Span<double> sorted = stackalloc double[MaxRaw];
            _raw.AsSpan(0, (int)Count).CopyTo(sorted);
            sorted = sorted[..(int)Count];
            sorted.Sort();
            return sorted[(int)rank - 1];
        }

        return Math.Clamp(ValueAtRank(rank), min, max);
    }

    /// <summary>Forgets the values and keeps the memory.</summary>
    public void Clear()
    {
        _positive.Clear();
        _negative.Clear();
        _zeros = 0;
        Count = 0;
        Scale = MaxScale;
    }

    /// <summary>Starts afresh with counts; the counts of buckets follow and bring the values to more than eight.</summary>
    internal void BeginCounts(int scale, long zeros)
    {
        Clear();
        Scale = scale;
        Count = _zeros = zeros;
    }

    /// <summary>Counts positive values in a bucket above all that have some.</summary>
    internal void AppendPositive(int bucket, long count)
    {
        Count += count;
        _positive.Append(bucket, count);
    }

    /// <summary>Counts negative values in the bucket of their absolutes, above all that have some.</summary>
    internal void AppendNegative(int bucket, long count)
    {
        Count += count;
        _negative.Append(bucket, count);
    }

    /// <summary>Writes the sketch on its own, as snapshots of version 1 hold it; docs/formats/snapshot.md describes the bytes.</summary>
    public void WriteTo(IBufferWriter<byte> output)
    {
        SnapshotWriter.WriteVarint(output, (ulong)Count);
        if (IsRaw)
        {
            for (var i = 0; i < Count; i++)
            {
                SnapshotWriter.WriteDouble(output, _raw[i]);
            }

            return;
        }

        SnapshotWriter.WriteZigzag(output, Scale);
        SnapshotWriter.WriteVarint(output, (ulong)_zeros);
        WriteBuckets(output, _positive);
        WriteBuckets(output, _negative);
    }

    /// <summary>Reads what <see cref="WriteTo"/> wrote into this empty sketch.</summary>
    /// <exception cref="InvalidDataException">The bytes are no sketch.</exception>
    internal void ReadFrom(ref SnapshotReader input)
    {
        var count = input.ReadCount();
        if (count <= MaxRaw)
        {
            for (var i = 0; i < count; i++)
            {
                Add(input.ReadFinite());
            }

            return;
        }

        var scale = input.ReadZigzag();
        if (scale is > MaxScale or < MinScale)
        {
            throw new InvalidDataException($"a sketch has scale {scale}");
        }

        Scale = (int)scale;
        Count = count;
        _zeros = input.ReadCount();
        var sum = checked(_zeros + ReadBuckets(ref input, ref _positive, Scale) + ReadBuckets(ref input, ref _negative, Scale));
        if (sum != count)
        {
            throw new InvalidDataException($"a sketch says {count} values and holds {sum}");
        }
    }

    private void CountValue(double value)
    {
        if (value > 0)
        {
            CountBucket(ref _positive, BucketIndex.Of(value));
        }
        else if (value < 0)
        {
            CountBucket(ref _negative, BucketIndex.Of(-value));
        }
        else
        {
            _zeros++;
        }
    }

    private void CountBucket(ref BucketCounts buckets, int finest)
    {
        var index = finest >> (MaxScale - Scale);
        if (!buckets.IsEmpty && Math.Max(buckets.Last, index) - Math.Min(buckets.First, index) >= MaxBuckets)
        {
            DownscaleToFit(buckets, index);
            index = finest >> (MaxScale - Scale);
        }

        buckets.Add(index, 1);
    }

    private void MergeBuckets(ref BucketCounts into, in BucketCounts from, int fromScale)
    {
        if (from.IsEmpty)
        {
            return;
        }

        var shift = fromScale - Scale;
        if (!into.IsEmpty)
        {
            int first = Math.Min(into.First, from.First >> shift), last = Math.Max(into.Last, from.Last >> shift);
            var coarser = 0;
            while ((last >> coarser) - (first >> coarser) >= MaxBuckets)
            {
                coarser++;
            }

            DownscaleTo(Scale - coarser);
            shift = fromScale - Scale;
        }

        // Dense before anything is read: both may be the same.
        into.Cover(from.First >> shift, from.Last >> shift);
        foreach (var (bucket, count) in from)
        {
            into.Add(bucket >> shift, count);
        }
    }

    private void DownscaleToFit(in BucketCounts buckets, int index)
    {
        int first = Math.Min(buckets.First, index), last = Math.Max(buckets.Last, index);
        var shift = 0;
        while ((last >> shift) - (first >> shift) >= MaxBuckets)
        {
            shift++;
        }

        DownscaleTo(Scale - shift);
    }

    private void DownscaleTo(int scale)
    {
        if (scale != Scale)
        {
            _positive.Downscale(Scale - scale);
            _negative.Downscale(Scale - scale);
            Scale = scale;
        }
    }

    private double ValueAtRank(long rank)
    {
        var wanted = rank;
        foreach (var (bucket, count) in _negative.Descend())
        {
            rank -= count;
            if (rank <= 0)
            {
                return -Middle(bucket);
            }
        }

        var before = wanted - rank + _zeros;
        rank -= _zeros;
        if (rank <= 0)
        {
            return 0;
        }

        // From the nearer end.
        var fromLast = Count - before - rank + 1;
        if (fromLast < rank)
        {
            foreach (var (bucket, count) in _positive.Descend())
            {
                fromLast -= count;
                if (fromLast <= 0)
                {
                    return Middle(bucket);
                }
            }
        }

        foreach (var (bucket, count) in _positive)
        {
            rank -= count;
            if (rank <= 0)
            {
                return Middle(bucket);
            }
        }

        throw new UnreachableException("The counters do not add up to the count.");
    }

    /// <summary>The point of a bucket with equal relative error towards both ends.</summary>
    private double Middle(int index) => BucketIndex.LowerEnd(index, Scale) * Middles[Scale - MinScale];

    private static void WriteBuckets(IBufferWriter<byte> output, in BucketCounts buckets)
    {
        if (buckets.IsEmpty)
        {
            SnapshotWriter.WriteVarint(output, 0);
            return;
        }

        var length = buckets.Last - buckets.First + 1;
        SnapshotWriter.WriteVarint(output, (ulong)length);
        SnapshotWriter.WriteZigzag(output, buckets.First);

        // One span for all instead of a call of the writer per number.
        var span = output.GetSpan(length * SnapshotWriter.MaxVarintBytes);
        var (written, next) = (0, buckets.First);
        foreach (var (bucket, count) in buckets)
        {
            if (bucket > next)
            {
                // A run of empty buckets: zero, then how many follow the first.
                written += SnapshotWriter.Encode(span[written..], 0);
                written += SnapshotWriter.Encode(span[written..], (ulong)(bucket - next - 1));
            }

            written += SnapshotWriter.Encode(span[written..], (ulong)count);
            next = bucket + 1;
        }

        output.Advance(written);
    }

    private static long ReadBuckets(ref SnapshotReader input, ref BucketCounts buckets, int scale)
    {
        var length = input.ReadCount();
        if (length > MaxBuckets)
        {
            throw new InvalidDataException($"a sketch has {length} buckets");
        }

        if (length == 0)
        {
            return 0;
        }

        var first = input.ReadZigzag();
        if (first < BucketIndex.Lowest(scale) || first > BucketIndex.Highest(scale) - length + 1)
        {
            throw new InvalidDataException($"a sketch has {length} buckets from {first} on");
        }

        long sum = 0;
        for (long i = 0; i < length; i++)
        {
            var count = input.ReadCount();
            if (count == 0)
            {
                var more = input.ReadCount();
                if (more >= length - i)
                {
                    throw new InvalidDataException($"a sketch has {more} empty buckets among the last {length - i}");
                }

                i += more;
                continue;
            }

            buckets.Append((int)(first + i), count);
            sum = checked(sum + count);
        }

        return sum;
    }
}
