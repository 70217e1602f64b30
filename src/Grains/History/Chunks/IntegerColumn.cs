using System.Numerics;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.History.Chunks;

/// <summary>
/// A column of integers: each as its difference from what was expected, in a Golomb–Rice or exponential-Golomb code whose parameter suits the column.
/// docs/formats/chunk.md, "Integer column".
/// </summary>
internal static class IntegerColumn
{
    private const int Direct = 0;
    private const int Previous = 1;
    private const int Expected = 2;
    private const int FormBits = 4;
    private const int Constant = 0;

    /// <summary>Differences of both signs are zigzagged.</summary>
    private const int Both = 0;
    private const int NoneNegative = 1;
    private const int NonePositive = 2;
    private const int Signs = 3;

    /// <summary>Rice codes from parameter 0 on, exponential-Golomb codes from this one on.</summary>
    private const int ExponentialGolomb = 64;
    private const int ParameterBits = 7;
    private const int ParameterBitsOfVersion1 = 6;

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
            output.Write(Constant, FormBits);
            WriteFirst(output, Zigzag(values[0]));
            return;
        }

        var (against, signs, parameter, least) = (Direct, Both, 0, long.MaxValue);
        Span<int> lengths = stackalloc int[65];
        for (var one = Direct; one <= (expected.IsEmpty ? Previous : Expected); one++)
        {
            var own = SignsOf(one, values, expected);
            lengths.Clear();
            for (var i = 1; i < values.Length; i++)
            {
                lengths[64 - BitOperations.LeadingZeroCount(Fold(Difference(one, values, expected, i), own))]++;
            }

            var (best, cost) = Cheapest(lengths);
            if (cost < least)
            {
                (against, signs, parameter, least) = (one, own, best, cost);
            }
        }

        output.Write((ulong)(1 + against * Signs + signs), FormBits);
        WriteFirst(output, Zigzag(Difference(against, values, expected, 0)));
        output.Write((ulong)parameter, ParameterBits);
        for (var i = 1; i < values.Length; i++)
        {
            var number = Fold(Difference(against, values, expected, i), signs);
            if (parameter < ExponentialGolomb)
            {
                WriteRice(output, number, parameter);
            }
            else
            {
                output.WriteGamma((number >> (parameter - ExponentialGolomb)) + 1);
                output.Write(number & ((1UL << (parameter - ExponentialGolomb)) - 1), parameter - ExponentialGolomb);
            }
        }
    }

    /// <param name="input">Stands at the column, and behind it afterwards.</param>
    /// <param name="values">Where to.</param>
    /// <param name="expected">As many as values; or none.</param>
    /// <param name="version">Of the chunk.</param>
    /// <exception cref="InvalidDataException">The bits are no such column, or end.</exception>
    public static void Read(ref BitReader input, Span<long> values, ReadOnlySpan<long> expected, int version)
    {
        if (values.IsEmpty)
        {
            return;
        }

        var form = (int)(version == 1 ? FormOfVersion1(input.Read(2)) : input.Read(FormBits));
        var (against, signs) = ((form - 1) / Signs, (form - 1) % Signs);
        if (against > Expected || (against == Expected && expected.IsEmpty))
        {
            throw new InvalidDataException(against > Expected ? "a column has a form that there is not" : "a column expects what is not there");
        }

        values[0] = Unzigzag(ReadFirst(ref input));
        if (form == Constant)
        {
            values.Fill(values[0]);
            return;
        }

        values[0] += against == Expected ? expected[0] : 0;
        var parameter = (int)input.Read(version == 1 ? ParameterBitsOfVersion1 : ParameterBits);
        for (var i = 1; i < values.Length; i++)
        {
            var difference = Unfold(parameter < ExponentialGolomb ? ReadRice(ref input, parameter) : ReadExponentialGolomb(ref input, parameter - ExponentialGolomb), signs);
            values[i] = difference + against switch { Previous => values[i - 1], Expected => expected[i], _ => 0 };
        }
    }

    private static ulong FormOfVersion1(ulong way) => way == 3 ? Constant : 1 + way * Signs;

    private static long Difference(int against, ReadOnlySpan<long> values, ReadOnlySpan<long> expected, int i) => values[i] - against switch
    {
        Previous => i == 0 ? 0 : values[i - 1],
        Expected => expected[i],
        _ => 0,
    };

    private static int SignsOf(int against, ReadOnlySpan<long> values, ReadOnlySpan<long> expected)
    {
        var (least, greatest) = (0L, 0L);
        for (var i = 1; i < values.Length; i++)
        {
            var difference = Difference(against, values, expected, i);
            (least, greatest) = (Math.Min(least, difference), Math.Max(greatest, difference));
        }

        return least == 0 ? NoneNegative : greatest == 0 ? NonePositive : Both;
    }

    /// <summary>By how long the numbers are: near enough, and all the same for whoever reads.</summary>
    private static (int Parameter, long Cost) Cheapest(ReadOnlySpan<int> lengths)
    {
        var longest = lengths.Length - 1;
        while (longest > 0 && lengths[longest] == 0)
        {
            longest--;
        }

        // Down from the longest. How many are no longer than the parameter, and of those that are, how many and what they take in all.
        var (parameter, least) = (0, long.MaxValue);
        long few = 0, escaped = 0, many = 0, bits = 0;
        for (var length = 0; length <= longest; length++)
        {
            few += lengths[length];
        }

        for (var k = longest; k >= 0; k--)
        {
            if (k < ExponentialGolomb)
            {
                var rice = few * (k + 1) + escaped;
                for (var over = 1; over < Escaped && k + over <= longest; over++)
                {
                    rice += lengths[k + over] * ((over == 1 ? 1 : 3L << (over - 2)) + k + 1);
                }

                if (rice <= least)
                {
                    (parameter, least) = (k, rice);
                }

                // A gamma code of one more than the quotient: the few whose quotient has only ones are left out, but for the shortest.
                var golomb = few * (k + 1) + 2 * bits - many * (k + 1) + 2L * At(lengths, k + 1) + At(lengths, k + 2);
                if (golomb < least && longest < 64)
                {
                    (parameter, least) = (k + ExponentialGolomb, golomb);
                }
            }

            few -= lengths[k];
            many += lengths[k];
            bits += (long)lengths[k] * k;
            escaped += At(lengths, k + Escaped - 1) * (MaxQuotient + 6L + k + Escaped - 1);
        }

        return (parameter, least);
    }

    private static int At(ReadOnlySpan<int> lengths, int length) => length < lengths.Length ? lengths[length] : 0;

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

    private static ulong ReadExponentialGolomb(ref BitReader input, int order) => ((input.ReadGamma() - 1) << order) | input.Read(order);

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

    private static ulong Fold(long difference, int signs) => signs switch { NoneNegative => (ulong)difference, NonePositive => (ulong)-difference, _ => Zigzag(difference) };

    private static long Unfold(ulong number, int signs) => signs switch { NoneNegative => (long)number, NonePositive => -(long)number, _ => Unzigzag(number) };

    private static ulong Zigzag(long number) => (ulong)((number << 1) ^ (number >> 63));

    private static long Unzigzag(ulong number) => (long)(number >> 1) ^ -(long)(number & 1);
}
