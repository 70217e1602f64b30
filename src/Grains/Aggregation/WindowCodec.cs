using System.Diagnostics;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>
/// A window without its place in time, in the bytes that packed windows and snapshots have: docs/formats/snapshot.md, "Packed window".
/// A window has one form.
/// </summary>
internal sealed class WindowCodec(OpenValues values)
{
    private const int MaxRaw = OpenValues.MaxRaw;

    /// <summary>Two varints, codes and all doubles, and what the bit writer needs after the last bit.</summary>
    private const int MaxBytesWithoutCounters = 2 * SnapshotWriter.MaxVarintBytes + MaxRaw + 1 + (MaxRaw + 1) * 8 + 64;

    private byte[] _bytes = new byte[256];
    private HyperLogLog? _registers;

    /// <summary>The form of an open window; valid until the next call.</summary>
    public ReadOnlySpan<byte> Write(in OpenWindow window)
    {
        if (values.Elements is { } elements)
        {
            return WriteSet(window, elements);
        }

        // A counter of n bits takes 2n + 1 at most, and the gap before it 23.
        var most = MaxBytesWithoutCounters + values.CounterBytesOf(window) * 8;
        if (_bytes.Length < most)
        {
            _bytes = new byte[most];
        }

        var bytes = _bytes.AsSpan();
        var written = SnapshotWriter.Encode(bytes, (ulong)window.Count);
        written += SnapshotWriter.Encode(bytes[written..], (ulong)window.LastOffset);
        if (window.Count == 1)
        {
            written += DoubleCode.Write(bytes[written..], window.Last, DoubleCode.FirstBytes(window.Last));
        }
        else if (window.Count <= MaxRaw)
        {
            written += WriteRaw(bytes[written..], values.RawOf(window), window.Last);
        }
        else
        {
            written += WriteTotals(bytes[written..], window);
            written += WriteSketch(bytes[written..], window);
        }

        return _bytes.AsSpan(0, written);
    }

    /// <summary>Reads everything but the place in time.</summary>
    /// <param name="bytes">A window, whole.</param>
    /// <param name="into">Where to.</param>
    /// <param name="sketch">How to read the values of a large window; they are checked in any case.</param>
    /// <exception cref="InvalidDataException">The bytes are no window, or one in another form.</exception>
    public static void Read(ReadOnlySpan<byte> bytes, WindowState into, SketchReading sketch)
    {
        var input = new SnapshotReader(bytes);
        into.ClearSketch();
        into.Count = input.ReadCount();
        var offset = input.ReadCount();
        into.LastOffset = offset <= int.MaxValue ? (int)offset : throw new InvalidDataException("a last value lies outside of its window");
        switch (into.Count)
        {
            case 0:
                throw new InvalidDataException("a window has no points");
            case > 0 when into.IsSet:
                ReadSet(ref input, into);
                return;
            case 1:
                ReadOne(ref input, into);
                break;
            case <= MaxRaw:
                ReadRaw(ref input, into);
                break;
            default:
                ReadTotals(ref input, into);
                var bits = new BitReader(input.ReadBytes(input.Remaining));
                into.ReadSketch(ref bits, sketch);
                if (!bits.AtEnd)
                {
                    throw new InvalidDataException("bytes are left after a sketch");
                }

                return;
        }

        if (!input.AtEnd)
        {
            throw new InvalidDataException("bytes are left after the values of a window");
        }
    }

    private ReadOnlySpan<byte> WriteSet(in OpenWindow window, OpenElements elements)
    {
        // A register takes 25 bits for the gap before it and 11 for its rank.
        var most = (2 * SnapshotWriter.MaxVarintBytes) + (elements.CountOf(window) * 5) + 64;
        if (_bytes.Length < most)
        {
            _bytes = new byte[most];
        }

        elements.CopyTo(window, _registers ??= new HyperLogLog());
        var written = SnapshotWriter.Encode(_bytes, (ulong)window.Count);
        written += SnapshotWriter.Encode(_bytes.AsSpan(written), (ulong)window.LastOffset);
        var output = new BitWriter(_bytes.AsSpan(written));
        _registers.Write(ref output);
        return _bytes.AsSpan(0, written + output.Finish());
    }

    private static void ReadSet(ref SnapshotReader input, WindowState into)
    {
        into.Sum = into.Min = into.Max = into.Last = 0;
        var bits = new BitReader(input.ReadBytes(input.Remaining));
        into.Elements.Read(ref bits, into.Count);
        if (!bits.AtEnd)
        {
            throw new InvalidDataException("bytes are left after a set");
        }
    }

    private static int WriteRaw(Span<byte> bytes, ReadOnlySpan<double> raw, double last)
    {
        // The place of the last value, then how each value is written: half a byte for each.
        var written = raw.Length / 2 + 1;
        bytes[..written].Clear();
        bytes[0] = (byte)(PlaceOf(last, raw) << 4);
        double other = 0;
        for (var i = 0; i < raw.Length; i++)
        {
            var code = DoubleCode.Of(raw[i], other);
            bytes[(i + 1) / 2] |= (byte)(code << ((i & 1) == 0 ? 0 : 4));
            written += DoubleCode.Write(bytes[written..], raw[i], code);
            other = raw[0];
        }

        return written;
    }

    private static int WriteTotals(Span<byte> bytes, in OpenWindow window)
    {
        int last = DoubleCode.Of(window.Last, 0), sum = DoubleCode.Of(window.Sum, window.Last);
        int min = DoubleCode.Of(window.Min, window.Last), max = DoubleCode.Of(window.Max, window.Last);
        bytes[0] = (byte)((last << 4) | sum);
        bytes[1] = (byte)((min << 4) | max);
        var written = 2;
        written += DoubleCode.Write(bytes[written..], window.Last, last);
        written += DoubleCode.Write(bytes[written..], window.Sum, sum);
        written += DoubleCode.Write(bytes[written..], window.Min, min);
        written += DoubleCode.Write(bytes[written..], window.Max, max);
        return written;
    }

    private int WriteSketch(Span<byte> bytes, in OpenWindow window)
    {
        var output = new BitWriter(bytes);
        output.WriteGamma((ulong)window.Values.Shift + 1);
        var zeros = (ulong)values.ZerosOf(window);
        output.WriteGamma(zeros + 1);
        var negative = 0UL;
        if (window.Rest != 0)
        {
            for (var counters = values.NegativesOf(window); counters.MoveNext();)
            {
                negative += counters.Count;
            }
        }

        output.WriteGamma(negative + 1);

        // With positive values alone the first bucket is that of the least value.
        WriteCounters(ref output, values.PositivesOf(window), withFirst: zeros + negative > 0);
        WriteCounters(ref output, values.NegativesOf(window), withFirst: true);

        return output.Finish();
    }

    private static void WriteCounters(ref BitWriter output, CounterReader counters, bool withFirst)
    {
        if (!counters.MoveNext())
        {
            return;
        }

        if (withFirst)
        {
            output.WriteGamma((((ulong)counters.Bucket << 1) ^ (ulong)(long)(counters.Bucket >> 31)) + 1);
        }

        output.WriteGamma(counters.Count);
        for (var previous = counters.Bucket; counters.MoveNext(); previous = counters.Bucket)
        {
            output.WriteGamma((ulong)(counters.Bucket - previous));
            output.WriteGamma(counters.Count);
        }
    }

    private static void ReadOne(ref SnapshotReader input, WindowState into)
    {
        var length = input.Remaining;
        var value = length <= 8 ? DoubleCode.ReadFirst(ref input, length) : throw new InvalidDataException("a value is longer than a double");
        into.Sketch.Add(Finite(value));
        into.Sum = into.Min = into.Max = into.Last = value;
    }

    private static void ReadRaw(ref SnapshotReader input, WindowState into)
    {
        var count = (int)into.Count;
        var codes = input.ReadBytes(count / 2 + 1);
        if (count % 2 == 0 && (codes[^1] & 0x0F) != 0)
        {
            throw new InvalidDataException("a window has a code too many");
        }

        double other = 0;
        for (var i = 0; i < count; i++)
        {
            var value = Finite(DoubleCode.Read(ref input, (codes[(i + 1) / 2] >> ((i & 1) == 0 ? 0 : 4)) & 0x0F, other));
            into.Sketch.Add(value);
            if (i == 0)
            {
                into.Sum = into.Min = into.Max = other = value;
                continue;
            }

            into.Sum += value;
            into.Min = Math.Min(into.Min, value);
            into.Max = Math.Max(into.Max, value);
        }

        var place = codes[0] >> 4;
        into.Last = place < count ? into.Sketch.Raw[place] : throw new InvalidDataException("a last value is none of its window");
        if (PlaceOf(into.Last, into.Sketch.Raw) != place)
        {
            throw new InvalidDataException("a last value is not the first of its kind");
        }
    }

    private static void ReadTotals(ref SnapshotReader input, WindowState into)
    {
        var codes = input.ReadBytes(2);
        into.Last = Finite(DoubleCode.Read(ref input, codes[0] >> 4, 0));
        into.Sum = DoubleCode.Read(ref input, codes[0] & 0x0F, into.Last);
        into.Min = Finite(DoubleCode.Read(ref input, codes[1] >> 4, into.Last));
        into.Max = Finite(DoubleCode.Read(ref input, codes[1] & 0x0F, into.Last));
        if (!(into.Min <= into.Last && into.Last <= into.Max))
        {
            throw new InvalidDataException("a window's last value is below its least or above its greatest");
        }
    }

    /// <summary>Reads the counters of a window whose count and least value are known.</summary>
    /// <param name="input">Stands at the sketch, and stands behind it afterwards.</param>
    /// <param name="window">The window.</param>
    /// <param name="into">Its sketch, empty; null: only check.</param>
    /// <exception cref="InvalidDataException">The bits are no sketch of this window.</exception>
    public static void ReadSketch(ref BitReader input, WindowState window, ExponentialHistogram? into)
    {
        var shift = input.ReadGamma() - 1;
        if (shift > ExponentialHistogram.MaxScale - ExponentialHistogram.MinScale)
        {
            throw new InvalidDataException($"a sketch is {shift} scales below the finest");
        }

        ulong count = (ulong)window.Count, zeros = input.ReadGamma() - 1, negative = input.ReadGamma() - 1;
        if (zeros > count || negative > count - zeros || (zeros + negative == 0 && !(window.Min > 0)))
        {
            throw new InvalidDataException($"a sketch of {count} values has {zeros} zeros and {negative} negative values");
        }

        var scale = ExponentialHistogram.MaxScale - (int)shift;
        into?.BeginCounts(scale, (long)zeros);
        if (zeros + negative == 0)
        {
            ReadCounters(ref input, BucketIndex.Of(window.Min) >> (int)shift, count, scale, into, negative: false);
        }
        else
        {
            ReadCounters(ref input, count - zeros - negative, scale, into, negative: false);
        }

        ReadCounters(ref input, negative, scale, into, negative: true);
    }

    private static void ReadCounters(ref BitReader input, ulong count, int scale, ExponentialHistogram? into, bool negative)
    {
        if (count == 0)
        {
            return;
        }

        var coded = input.ReadGamma() - 1;
        var bucket = (long)(coded >> 1) ^ -(long)(coded & 1);
        if (bucket < BucketIndex.Lowest(scale) || bucket > BucketIndex.Highest(scale))
        {
            throw new InvalidDataException($"a sketch has a bucket {bucket} at scale {scale}");
        }

        ReadCounters(ref input, bucket, count, scale, into, negative);
    }

    private static void ReadCounters(ref BitReader input, long bucket, ulong left, int scale, ExponentialHistogram? into, bool negative)
    {
        var end = Math.Min(bucket + ExponentialHistogram.MaxBuckets, BucketIndex.Highest(scale) + 1L);
        for (var counted = input.ReadGamma(); ;)
        {
            if (counted > left)
            {
                throw new InvalidDataException("a sketch has more values than its window");
            }

            if (negative)
            {
                into?.AppendNegative((int)bucket, (long)counted);
            }
            else
            {
                into?.AppendPositive((int)bucket, (long)counted);
            }

            left -= counted;
            if (left == 0)
            {
                return;
            }

            (var gap, counted) = input.ReadGammas();
            if (gap >= (ulong)(end - bucket))
            {
                throw new InvalidDataException("a sketch has too many buckets");
            }

            bucket += (long)gap;
        }
    }

    /// <summary>The first value with the same bits.</summary>
    private static int PlaceOf(double value, ReadOnlySpan<double> values)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        for (var i = 0; i < values.Length; i++)
        {
            if (BitConverter.DoubleToInt64Bits(values[i]) == bits)
            {
                return i;
            }
        }

        throw new UnreachableException("The last value of a window is none of its values.");
    }

    private static double Finite(double value) => double.IsFinite(value) ? value : throw new InvalidDataException("a value is not finite");
}
