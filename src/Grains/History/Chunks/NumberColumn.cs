using System.Numerics;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.History.Chunks;

/// <summary>
/// A column of doubles, every bit kept: as decimal numbers of few places when they are such, else by what differs from the value before or from what
/// was expected, as in Gorilla (Pelkonen et al., VLDB 2015). docs/formats/chunk.md, "Number column".
/// </summary>
internal sealed class NumberColumn
{
    private const int Constant = 0;
    private const int AsExpected = 1;
    private const int Decimal = 2;
    private const int DecimalAndUlps = 3;
    private const int XorPrevious = 4;
    private const int XorExpected = 5;
    private const int ModeBits = 3;
    private const int PlacesBits = 4;
    private const int MaxPlaces = 9;
    private const int MaxLeading = 31;

    /// <summary>Larger ones gain nothing over the bits themselves.</summary>
    private const long MaxUlps = 1 << 20;
    private const double MaxDecimal = 1L << 53;

    private static readonly double[] Powers = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

    private long[] _decimals = new long[64];
    private long[] _expected = new long[64];
    private long[] _ulps = new long[64];

    /// <summary>Decimal places of the column written or read last; −1: not decimal.</summary>
    public int Places { get; private set; }

    /// <param name="output">Where to.</param>
    /// <param name="values">At least one, or nothing is written.</param>
    /// <param name="expected">As many as values; or none.</param>
    /// <param name="likelyPlaces">Decimal places that sums of such values have before rounding; −1: not decimal.</param>
    public void Write(BitSink output, ReadOnlySpan<double> values, ReadOnlySpan<double> expected, int likelyPlaces = -1)
    {
        if (values.IsEmpty)
        {
            return;
        }

        Places = -1;
        if (IsConstant(values))
        {
            output.Write(Constant, ModeBits);
            output.Write(BitConverter.DoubleToUInt64Bits(values[0]), 64);
            TrySetPlaces(values[..1]);
        }
        else if (!expected.IsEmpty && SameBits(values, expected))
        {
            output.Write(AsExpected, ModeBits);
            Places = likelyPlaces;
        }
        else if (TrySetPlaces(values))
        {
            WriteDecimals(output, Decimal, values, expected);
        }
        else if (likelyPlaces >= 0 && TryUlps(values, likelyPlaces))
        {
            Places = likelyPlaces;
            WriteDecimals(output, DecimalAndUlps, values, expected);
            IntegerColumn.Write(output, _ulps.AsSpan(0, values.Length), default);
        }
        else
        {
            WriteXor(output, values, expected);
        }
    }

    /// <param name="input">Stands at the column, and behind it afterwards.</param>
    /// <param name="values">Where to.</param>
    /// <param name="expected">As many as values; or none.</param>
    /// <param name="version">Of the chunk.</param>
    /// <exception cref="InvalidDataException">The bits are no such column, or end.</exception>
    public void Read(ref BitReader input, Span<double> values, ReadOnlySpan<double> expected, int version)
    {
        if (values.IsEmpty)
        {
            return;
        }

        switch ((int)input.Read(ModeBits))
        {
            case Constant:
                values.Fill(BitConverter.UInt64BitsToDouble(input.Read(64)));
                break;
            case AsExpected:
                (expected.Length == values.Length ? expected : throw NotExpected()).CopyTo(values);
                break;
            case Decimal:
                ReadDecimals(ref input, values, expected, version);
                break;
            case DecimalAndUlps:
                ReadDecimals(ref input, values, expected, version);
                IntegerColumn.Read(ref input, Grown(ref _ulps, values.Length), default, version);
                for (var i = 0; i < values.Length; i++)
                {
                    values[i] = BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(values[i]) + _ulps[i]);
                }

                break;
            case XorPrevious:
                ReadXor(ref input, values, default);
                break;
            case XorExpected:
                ReadXor(ref input, values, expected.Length == values.Length ? expected : throw NotExpected());
                break;
            default:
                throw new InvalidDataException("a column has a form that there is not");
        }
    }

    private static InvalidDataException NotExpected() => new("a column expects what is not there");

    private static bool IsConstant(ReadOnlySpan<double> values)
    {
        var first = BitConverter.DoubleToInt64Bits(values[0]);
        foreach (var value in values)
        {
            if (BitConverter.DoubleToInt64Bits(value) != first)
            {
                return false;
            }
        }

        return true;
    }

    private static bool SameBits(ReadOnlySpan<double> values, ReadOnlySpan<double> expected)
    {
        for (var i = 0; i < values.Length; i++)
        {
            if (BitConverter.DoubleToInt64Bits(values[i]) != BitConverter.DoubleToInt64Bits(expected[i]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Finds the fewest decimal places that give every value back to the bit.</summary>
    private bool TrySetPlaces(ReadOnlySpan<double> values)
    {
        var decimals = Grown(ref _decimals, values.Length);
        for (var (places, i) = (0, 0); places <= MaxPlaces; places++)
        {
            // Those before have so many places or fewer, and have them with more as well: only very large ones have not.
            for (i = 0; i < values.Length && TryDecimal(values[i], places, out decimals[i]); i++)
            {
            }

            if (i == values.Length)
            {
                Places = places;
                return true;
            }
        }

        return false;
    }

    private static bool TryDecimal(double value, int places, out long number)
    {
        var scaled = Math.Round(value * Powers[places]);
        number = Math.Abs(scaled) < MaxDecimal ? (long)scaled : 0;
        return BitConverter.DoubleToInt64Bits(number / Powers[places]) == BitConverter.DoubleToInt64Bits(value);
    }

    private bool TryUlps(ReadOnlySpan<double> values, int places)
    {
        var decimals = Grown(ref _decimals, values.Length);
        var ulps = Grown(ref _ulps, values.Length);
        for (var i = 0; i < values.Length; i++)
        {
            var scaled = Math.Round(values[i] * Powers[places]);
            if (!(Math.Abs(scaled) < MaxDecimal))
            {
                return false;
            }

            decimals[i] = (long)scaled;
            ulps[i] = BitConverter.DoubleToInt64Bits(values[i]) - BitConverter.DoubleToInt64Bits(decimals[i] / Powers[places]);
            if (ulps[i] is < -MaxUlps or > MaxUlps)
            {
                return false;
            }
        }

        return true;
    }

    private void WriteDecimals(BitSink output, int mode, ReadOnlySpan<double> values, ReadOnlySpan<double> expected)
    {
        output.Write((ulong)mode, ModeBits);
        output.Write((ulong)Places, PlacesBits);
        IntegerColumn.Write(output, _decimals.AsSpan(0, values.Length), Scale(expected, Places));
    }

    private void ReadDecimals(ref BitReader input, Span<double> values, ReadOnlySpan<double> expected, int version)
    {
        var places = (int)input.Read(PlacesBits);
        if (places > MaxPlaces)
        {
            throw new InvalidDataException($"a column has {places} decimal places");
        }

        var decimals = Grown(ref _decimals, values.Length);
        IntegerColumn.Read(ref input, decimals, Scale(expected, places), version);
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = decimals[i] / Powers[places];
        }
    }

    private ReadOnlySpan<long> Scale(ReadOnlySpan<double> expected, int places)
    {
        var scaled = Grown(ref _expected, expected.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            var one = Math.Round(expected[i] * Powers[places]);
            scaled[i] = Math.Abs(one) < MaxDecimal ? (long)one : 0;
        }

        return scaled;
    }

    private static void WriteXor(BitSink output, ReadOnlySpan<double> values, ReadOnlySpan<double> expected)
    {
        var start = output.Position;
        var before = output.Length;
        WriteXor(output, XorPrevious, values, default);
        if (expected.IsEmpty)
        {
            return;
        }

        var previous = output.Length - before;
        output.GoBack(start);
        WriteXor(output, XorExpected, values, expected);
        if (output.Length - before > previous)
        {
            output.GoBack(start);
            WriteXor(output, XorPrevious, values, default);
        }
    }

    private static void WriteXor(BitSink output, int mode, ReadOnlySpan<double> values, ReadOnlySpan<double> expected)
    {
        output.Write((ulong)mode, ModeBits);
        int leading = 64, trailing = 0;
        var other = 0UL;
        for (var i = 0; i < values.Length; i++)
        {
            var bits = BitConverter.DoubleToUInt64Bits(values[i]);
            other = bits ^ (expected.IsEmpty ? other : BitConverter.DoubleToUInt64Bits(expected[i]));
            if (other == 0)
            {
                output.Write(0, 1);
            }
            else
            {
                int zerosBefore = Math.Min(BitOperations.LeadingZeroCount(other), MaxLeading), zerosAfter = BitOperations.TrailingZeroCount(other);

                // The same place again saves saying where, unless that wastes more.
                var wasted = zerosBefore - leading + zerosAfter - trailing;
                if (leading <= zerosBefore && trailing <= zerosAfter && wasted < 11)
                {
                    output.Write(0b10, 2);
                }
                else
                {
                    (leading, trailing) = (zerosBefore, zerosAfter);
                    output.Write(0b11, 2);
                    output.Write((ulong)leading, 5);
                    output.Write((ulong)(63 - leading - trailing), 6);
                }

                output.Write(other >> trailing, 64 - leading - trailing);
            }

            other = bits;
        }
    }

    private static void ReadXor(ref BitReader input, Span<double> values, ReadOnlySpan<double> expected)
    {
        int leading = 64, trailing = 0;
        var other = 0UL;
        for (var i = 0; i < values.Length; i++)
        {
            other = expected.IsEmpty ? other : BitConverter.DoubleToUInt64Bits(expected[i]);
            if (input.Read(1) == 1)
            {
                if (input.Read(1) == 1)
                {
                    leading = (int)input.Read(5);
                    trailing = 63 - leading - (int)input.Read(6);
                }

                if (leading + trailing >= 64 || trailing < 0)
                {
                    throw new InvalidDataException("a column has a value without a place for its bits");
                }

                other ^= input.Read(64 - leading - trailing) << trailing;
            }

            values[i] = BitConverter.UInt64BitsToDouble(other);
        }
    }

    private static Span<long> Grown(ref long[] array, int length)
    {
        if (array.Length < length)
        {
            array = new long[Math.Max(length, array.Length * 2)];
        }

        return array.AsSpan(0, length);
    }
}
