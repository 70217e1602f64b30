using System.Runtime.CompilerServices;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>
/// A quantile sketch: OpenTelemetry's base-2 exponential histogram with a zero bucket and buckets for both signs, at scale 5
/// (bucket width b = 2^(1/32), relative error (b-1)/(b+1) ≤ 1.1 %) as long as the values of each sign span at most 2^64;
/// beyond, the scale drops just as far as needed, for both signs.
/// </summary>
/// <remarks>
/// The state depends on the values alone, not on their order or grouping: merging is associative, commutative and equal to
/// adding all values to one histogram. Memory is proportional to the range in use, with 8-bit counters until one needs more.
/// Never throws for a value: NaN counts as zero and infinities as the greatest finite values, although no gateway lets them in.
/// Source: https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram. Not thread-safe.
/// </remarks>
public sealed class ExponentialHistogram
{
    /// <summary>Buckets per sign: 64 powers of two at scale 5.</summary>
    public const int MaxBuckets = 2_048;

    private const ulong SignBit = 1UL << 63;
    private const ulong InfinityBits = 0x7FFUL << 52;
    private const int MaxTokenLength = 2 + ByteWriter.MaxVarintLength;
    private const int MaxHeaderLength = 64;

    private BucketCounters _positive;
    private BucketCounters _negative;
    private int _shift;
    private ulong _zeros;

    /// <summary>Values added.</summary>
    public long Count { get; private set; }

    /// <summary>Least value; positive infinity when empty.</summary>
    public double Min { get; private set; } = double.PositiveInfinity;

    /// <summary>Greatest value; negative infinity when empty.</summary>
    public double Max { get; private set; } = double.NegativeInfinity;

    /// <summary>Buckets per power of two, as a power of two: 5 down to -1.</summary>
    public int Scale => BucketMapping.MaxScale - _shift;

    /// <summary>Largest relative error of <see cref="Quantile"/> at the present scale (subnormal values aside, which have fewer digits than that).</summary>
    public double RelativeError
    {
        get
        {
            var width = BucketMapping.WidthOf(_shift);
            return (width - 1) / (width + 1);
        }
    }

    /// <summary>Bytes of bucket memory held, in use or kept for reuse.</summary>
    public int AllocatedBytes => _positive.AllocatedBytes + _negative.AllocatedBytes;

    /// <summary>Upper bound of what <see cref="Encode"/> writes.</summary>
    public int MaxEncodedLength =>
        MaxHeaderLength + (MaxTokenLength * (int)Math.Min(Count, _positive.Span + _negative.Span));

    /// <summary>Adds a value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(double value)
    {
        Count++;
        value += 0.0; // -0 becomes 0, so that the order of equal values leaves no trace.
        if (value < Min)
        {
            Min = value;
        }

        if (value > Max)
        {
            Max = value;
        }

        var bits = BitConverter.DoubleToUInt64Bits(value);
        var magnitude = bits & ~SignBit;
        if (magnitude - 1 >= InfinityBits)
        {
            _zeros++;
            return;
        }

        var index = BucketMapping.IndexOf(magnitude) >> _shift;
        if (bits == magnitude ? !_positive.TryIncrement(index) : !_negative.TryIncrement(index))
        {
            AddToNewBucket(bits);
        }
    }

    /// <summary>Adds all values of another histogram, which stays as it is.</summary>
    public void Merge(ExponentialHistogram other)
    {
        ArgumentNullException.ThrowIfNull(other);
        var shift = Math.Max(_shift, other._shift);
        while (SpanOf(_positive, _shift, other._positive, other._shift, shift) > MaxBuckets
            || SpanOf(_negative, _shift, other._negative, other._shift, shift) > MaxBuckets)
        {
            shift++;
        }

        Downscale(shift);
        MergeBuckets(ref _positive, other._positive, shift - other._shift);
        MergeBuckets(ref _negative, other._negative, shift - other._shift);
        _zeros += other._zeros;
        Count += other.Count;
        Min = Math.Min(Min, other.Min);
        Max = Math.Max(Max, other.Max);
    }

    /// <summary>
    /// Estimates a quantile by nearest rank: the value at place max(1, ⌈probability · count⌉) of the values in ascending order. The first
    /// and the last are exact, the others off by at most <see cref="RelativeError"/>, and never outside <see cref="Min"/> to <see cref="Max"/>.
    /// </summary>
    /// <param name="probability">0 to 1.</param>
    /// <returns>The estimate; NaN when empty.</returns>
    public double Quantile(double probability)
    {
        if (Count == 0)
        {
            return double.NaN;
        }

        var rank = RankOf(probability, Count);
        if (rank == 1)
        {
            return Min;
        }

        return rank == Count ? Max : Math.Max(Min, Math.Min(Max, EstimateAt((ulong)rank)));
    }

    /// <summary>The nearest rank of a probability among a number of values: 1 to <paramref name="count"/>.</summary>
    public static long RankOf(double probability, long count) => Math.Clamp((long)Math.Ceiling(probability * count), 1, count);

    /// <summary>Forgets all values; keeps the memory for reuse.</summary>
    public void Clear()
    {
        _positive.Clear();
        _negative.Clear();
        _shift = 0;
        _zeros = 0;
        Count = 0;
        Min = double.PositiveInfinity;
        Max = double.NegativeInfinity;
    }

    /// <summary>Writes the compact form (docs/formats/snapshot.md, "Sketch"); equal histograms have equal bytes.</summary>
    /// <param name="destination">At least <see cref="MaxEncodedLength"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    public int Encode(Span<byte> destination)
    {
        var writer = new ByteWriter(destination);
        writer.WriteByte((byte)_shift);
        writer.WriteDouble(Min);
        writer.WriteDouble(Max);
        writer.WriteVarint(_zeros);
        EncodeBuckets(ref writer, _positive);
        EncodeBuckets(ref writer, _negative);
        return writer.Length;
    }

    /// <summary>Replaces the content by an encoded histogram.</summary>
    /// <returns>Bytes read.</returns>
    /// <exception cref="InvalidDataException">The bytes are no histogram. The content is then undefined until <see cref="Clear"/>.</exception>
    public int Decode(ReadOnlySpan<byte> source)
    {
        var reader = new ByteReader(source);
        Clear();
        _shift = reader.ReadByte("sketch scale");
        if (_shift > BucketMapping.MaxShift)
        {
            throw new InvalidDataException($"sketch scale {Scale} is out of range");
        }

        Min = reader.ReadDouble("sketch minimum");
        Max = reader.ReadDouble("sketch maximum");
        _zeros = (ulong)reader.ReadPositive("sketch zero count");
        var count = _zeros + DecodeBuckets(ref reader, ref _positive) + DecodeBuckets(ref reader, ref _negative);
        Count = count <= long.MaxValue ? (long)count : throw new InvalidDataException("sketch counts overflow");
        return source.Length - reader.Remaining;
    }

    /// <summary>Reads the histogram's own fields, without meaning, to have them in the cache.</summary>
    internal int Touch() => (int)Count + _positive.Span + _negative.Span + _shift;

    /// <summary>Reads the counter that adding a value would change.</summary>
    internal int TouchBucket(double value)
    {
        var magnitude = BitConverter.DoubleToUInt64Bits(value) & ~SignBit;
        var index = BucketMapping.IndexOf(magnitude) >> _shift;
        return value > 0 ? _positive.Touch(index) : _negative.Touch(index);
    }

    private void AddToNewBucket(ulong bits)
    {
        var finest = BucketMapping.IndexOf(bits & ~SignBit);
        ref var buckets = ref (bits & SignBit) == 0 ? ref _positive : ref _negative;
        var shift = _shift;
        if (buckets.Span > 0)
        {
            while (Math.Max(buckets.High >> (shift - _shift), finest >> shift) - Math.Min(buckets.Low >> (shift - _shift), finest >> shift) >= MaxBuckets)
            {
                shift++;
            }
        }

        Downscale(shift);
        buckets.Add(finest >> shift, 1);
    }

    private void Downscale(int shift)
    {
        _positive.Downscale(shift - _shift);
        _negative.Downscale(shift - _shift);
        _shift = shift;
    }

    private static int SpanOf(in BucketCounters a, int shiftOfA, in BucketCounters b, int shiftOfB, int shift)
    {
        var low = Math.Min(a.Span == 0 ? int.MaxValue : a.Low >> (shift - shiftOfA), b.Span == 0 ? int.MaxValue : b.Low >> (shift - shiftOfB));
        var high = Math.Max(a.Span == 0 ? int.MinValue : a.High >> (shift - shiftOfA), b.Span == 0 ? int.MinValue : b.High >> (shift - shiftOfB));
        return low > high ? 0 : high - low + 1;
    }

    private static void MergeBuckets(ref BucketCounters into, in BucketCounters from, int downscale)
    {
        if (from.Span == 0)
        {
            return;
        }

        into.Extend(from.Low >> downscale, from.High >> downscale);
        for (var i = from.Low; i <= from.High; i++)
        {
            var count = from[i];
            if (count > 0)
            {
                into.Add(i >> downscale, count);
            }
        }
    }

    private double EstimateAt(ulong rank)
    {
        ulong passed = 0;
        for (var i = _negative.High; i >= _negative.Low; i--)
        {
            passed += _negative[i];
            if (passed >= rank)
            {
                return -BucketMapping.Estimate(i, _shift);
            }
        }

        passed += _zeros;
        if (passed >= rank)
        {
            return 0;
        }

        for (var i = _positive.Low; i < _positive.High; i++)
        {
            passed += _positive[i];
            if (passed >= rank)
            {
                return BucketMapping.Estimate(i, _shift);
            }
        }

        return BucketMapping.Estimate(_positive.High, _shift);
    }

    private static void EncodeBuckets(ref ByteWriter writer, in BucketCounters buckets)
    {
        var used = buckets.CountUsed();
        writer.WriteVarint((ulong)used);
        if (used == 0)
        {
            return;
        }

        writer.WriteZigzag(buckets.Low);
        var previous = buckets.Low - 1;
        for (var i = buckets.Low; i <= buckets.High; i++)
        {
            var count = buckets[i];
            if (count == 0)
            {
                continue;
            }

            // The gap before the bucket and a small count share a byte.
            writer.WriteVarint(((ulong)(i - previous - 1) << 2) | (Math.Min(count, 4) - 1));
            if (count >= 4)
            {
                writer.WriteVarint(count - 4);
            }

            previous = i;
        }
    }

    private ulong DecodeBuckets(ref ByteReader reader, ref BucketCounters buckets)
    {
        var used = reader.ReadCount("sketch buckets", MaxBuckets);
        if (used == 0)
        {
            return 0;
        }

        var first = reader.ReadZigzag("sketch bucket index");
        if (first < BucketMapping.MinIndex >> _shift || first > BucketMapping.MaxIndex >> _shift)
        {
            throw new InvalidDataException($"sketch bucket index {first} is out of range");
        }

        ulong total = 0;
        var index = (int)first - 1;
        for (var i = 0; i < used; i++)
        {
            var token = reader.ReadCount("sketch bucket", (MaxBuckets << 2) | 3);
            index += (token >> 2) + 1;
            if (index > BucketMapping.MaxIndex >> _shift || index - first >= MaxBuckets || (i == 0 && index != first))
            {
                throw new InvalidDataException($"sketch bucket index {index} is out of range");
            }

            var count = (token & 3) < 3 ? (ulong)(token & 3) + 1 : (ulong)reader.ReadPositive("sketch bucket count") + 4;
            total += count;
            if (total > long.MaxValue || count > long.MaxValue)
            {
                throw new InvalidDataException("sketch counts overflow");
            }

            buckets.Add(index, count);
        }

        return total;
    }
}
