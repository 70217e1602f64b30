using System.Numerics;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.History.Chunks;

/// <summary>
/// A column of integers: each as its difference from what was expected, in a Golomb–Rice code whose parameter suits the column.
/// docs/formats/chunk.md, "Integer column".
/// </summary>
internal static class IntegerColumn
{
    private const int Direct = 0;
    private const int Previous = 1;
    private const int Expected = 2;
    private const int Constant = 3;

    /// <summary>Quotients from here on are escaped.</summary>
    private const int MaxQuotient = 20;

    /// <summary>So many bits longer than the parameter, a number has a quotient of 24 in the middle.</summary>
    private const int Escaped = 5;

    /// <param name="output">Where to.</param>
    /// <param name="values">At least one, or nothing is written.</param>
    /// <param name="expected">As many as values; or none.</param>
    public static void Write(BitSink output, ReadOnlySpan<long> values, ReadOnlySpan<long> expected)
    {
        if (values.IsEmpty)
        {
            return;
        }

        if (!values.ContainsAnyExcept(values[0]))
        {
            output.Write(Constant, 2);
            WriteFirst(output, Zigzag(values[0]));
            return;
        }

        var (way, rice, least) = (Direct, 0, long.MaxValue);
        Span<int> lengths = stackalloc int[65];
        for (var one = Direct; one <= (expected.IsEmpty ? Previous : Expected); one++)
        {
            lengths.Clear();
            for (var i = 1; i < values.Length; i++)
            {
                lengths[64 - BitOperations.LeadingZeroCount(Residual(one, values, expected, i))]++;
            }

            var (parameter, cost) = Cheapest(lengths);
            if (cost < least)
            {
                (way, rice, least) = (one, parameter, cost);
            }
        }

        output.Write((ulong)way, 2);
        WriteFirst(output, Residual(way, values, expected, 0));
        output.Write((ulong)rice, 6);
        for (var i = 1; i < values.Length; i++)
        {
            WriteRice(output, Residual(way, values, expected, i), rice);
        }
    }

    /// <exception cref="InvalidDataException">The bits are no such column, or end.</exception>
    public static void Read(ref BitReader input, Span<long> values, ReadOnlySpan<long> expected)
    {
        if (values.IsEmpty)
        {
            return;
        }

        var way = (int)input.Read(2);
        if (way == Expected && expected.IsEmpty)
        {
            throw new InvalidDataException("a column expects what is not there");
        }

        values[0] = Unzigzag(ReadFirst(ref input)) + (way == Expected ? expected[0] : 0);
        if (way == Constant)
        {
            values.Fill(values[0]);
            return;
        }

        var rice = (int)input.Read(6);
        for (var i = 1; i < values.Length; i++)
        {
            var residual = Unzigzag(ReadRice(ref input, rice));
            values[i] = residual + way switch { Previous => values[i - 1], Expected => expected[i], _ => 0 };
        }
    }

    private static ulong Residual(int way, ReadOnlySpan<long> values, ReadOnlySpan<long> expected, int i) => Zigzag(values[i] - way switch
    {
        Previous => i == 0 ? 0 : values[i - 1],
        Expected => expected[i],
        _ => 0,
    });

    /// <summary>By how long the numbers are: near enough, and all the same for whoever reads.</summary>
    private static (int Parameter, long Cost) Cheapest(ReadOnlySpan<int> lengths)
    {
        var longest = lengths.Length - 1;
        while (longest > 0 && lengths[longest] == 0)
        {
            longest--;
        }

        // Down from the longest: most numbers are short enough to have no quotient, or too long and escaped; both are kept as sums.
        var (parameter, least) = (0, long.MaxValue);
        long few = 0, escaped = 0;
        for (var length = 0; length <= longest; length++)
        {
            few += lengths[length];
        }

        for (var k = longest; k >= 0; k--)
        {
            var cost = few * (k + 1) + escaped;
            for (var over = 1; over < Escaped && k + over <= longest; over++)
            {
                cost += lengths[k + over] * ((over == 1 ? 1 : 3L << (over - 2)) + k + 1);
            }

            if (cost <= least && k < 64)
            {
                (parameter, least) = (k, cost);
            }

            few -= lengths[k];
            escaped += k + Escaped - 1 <= longest ? lengths[k + Escaped - 1] * (MaxQuotient + 6L + k + Escaped - 1) : 0;
        }

        return (parameter, least);
    }

    private static void WriteRice(BitSink output, ulong number, int rice)
    {
        var quotient = number >> rice;
        if (quotient < MaxQuotient)
        {
            output.Write(1, (int)quotient + 1);
            output.Write(number & ((1UL << rice) - 1), rice);
            return;
        }

        var length = 64 - BitOperations.LeadingZeroCount(number);
        output.Write(0, MaxQuotient);
        output.Write((ulong)length - 1, 6);
        output.Write(number, length);
    }

    private static ulong ReadRice(ref BitReader input, int rice)
    {
        var quotient = input.ReadZeros(MaxQuotient);
        if (quotient == MaxQuotient)
        {
            return input.Read((int)input.Read(6) + 1);
        }

        input.Read(1);
        return ((ulong)quotient << rice) | input.Read(rice);
    }

    private static void WriteFirst(BitSink output, ulong number)
    {
        var length = 64 - BitOperations.LeadingZeroCount(number);
        output.Write((ulong)length, 7);
        output.Write(number, length);
    }

    private static ulong ReadFirst(ref BitReader input)
    {
        var length = (int)input.Read(7);
        return length <= 64 ? input.Read(length) : throw new InvalidDataException("a number is longer than 64 bits");
    }

    private static ulong Zigzag(long number) => (ulong)((number << 1) ^ (number >> 63));

    private static long Unzigzag(ulong number) => (long)(number >> 1) ^ -(long)(number & 1);
}
