using System.Numerics;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>
/// The bucket of a value at the finest scale: index i holds (2^(i/32), 2^((i+1)/32)], as the OpenTelemetry data model defines
/// exponential histograms. Exact at the boundaries, without a logarithm per value.
/// </summary>
internal static class BucketIndex
{
    /// <summary>Buckets per power of two: 2^5.</summary>
    public const int PerOctave = 32;

    private const int MantissaBits = 52;
    private const int CellBits = 7;

    /// <summary>Mantissas of 2^(j/32), rounded down: a mantissa above the j-th lies in bucket j or higher.</summary>
    private static readonly long[] Bounds = CreateBounds();

    /// <summary>For the first 7 bits of a mantissa: the lowest bucket that such a mantissa can be in. A cell holds one boundary at most.</summary>
    private static readonly byte[] Cells = CreateCells();

    /// <summary>2^(j/32).</summary>
    private static readonly double[] Powers = [.. Enumerable.Range(0, PerOctave).Select(static j => Math.Pow(2, (double)j / PerOctave))];

    /// <summary>The bucket of a positive finite value.</summary>
    public static int Of(double value)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        var exponent = (int)(bits >> MantissaBits);
        if (exponent == 0)
        {
            // Subnormal: shift it up into the normal range, exactly.
            return Of(value * 18014398509481984.0) - 54 * PerOctave;
        }

        var mantissa = bits & ((1L << MantissaBits) - 1);
        int bucket = Cells[mantissa >> (MantissaBits - CellBits)];
        if (mantissa > Bounds[bucket + 1])
        {
            bucket++;
        }

        // The upper end belongs to a bucket: a power of two is the last value of the bucket below.
        return (exponent - 1023) * PerOctave + bucket - (mantissa == 0 ? 1 : 0);
    }

    /// <summary>The lower end of a bucket at a scale: 2^(index / 2^scale).</summary>
    public static double LowerEnd(int index, int scale)
    {
        var finest = index << (ExponentialHistogram.MaxScale - scale);
        return Math.ScaleB(Powers[finest & (PerOctave - 1)], finest >> ExponentialHistogram.MaxScale);
    }

    /// <summary>The lowest bucket at a scale: that of <see cref="double.Epsilon"/>.</summary>
    public static int Lowest(int scale) => (-1074 * PerOctave - 1) >> (ExponentialHistogram.MaxScale - scale);

    /// <summary>The highest bucket at a scale: that of <see cref="double.MaxValue"/>.</summary>
    public static int Highest(int scale) => (1024 * PerOctave - 1) >> (ExponentialHistogram.MaxScale - scale);

    private static long[] CreateBounds()
    {
        var bounds = new long[PerOctave + 1];
        for (var j = 1; j < PerOctave; j++)
        {
            // ⌊2^52 · 2^(j/32)⌋ in integers: Math.Pow rounds to nearest, differently from platform to platform.
            var power = BigInteger.One << (MantissaBits * PerOctave + j);
            for (var root = 1; root < PerOctave; root *= 2)
            {
                power = SquareRoot(power);
            }

            bounds[j] = (long)(power - (BigInteger.One << MantissaBits));
        }

        bounds[PerOctave] = long.MaxValue;
        return bounds;
    }

    private static BigInteger SquareRoot(BigInteger square)
    {
        // Newton's method from above.
        var root = BigInteger.One << (int)((square.GetBitLength() + 1) / 2);
        while (true)
        {
            var next = (root + square / root) >> 1;
            if (next >= root)
            {
                return root;
            }

            root = next;
        }
    }

    private static byte[] CreateCells()
    {
        var cells = new byte[1 << CellBits];
        for (var cell = 0; cell < cells.Length; cell++)
        {
            var lowest = (long)cell << (MantissaBits - CellBits);
            var bucket = 0;
            while (lowest > Bounds[bucket + 1])
            {
                bucket++;
            }

            cells[cell] = (byte)bucket;
        }

        return cells;
    }
}
