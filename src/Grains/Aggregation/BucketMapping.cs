using System.Numerics;
using System.Runtime.CompilerServices;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>
/// Values to bucket indexes of a base-2 exponential histogram and back, at the finest scale: 32 buckets per power of two. Bucket i
/// holds the magnitudes in (2^(i/32), 2^((i+1)/32)], as OpenTelemetry's data model says; a coarser scale has index i >> shift.
/// </summary>
/// <remarks>
/// Exact for every double: the mantissas of 2^(k/32) are computed with integer roots, and a value is compared with the one
/// boundary that can lie in its sixty-fourth of the octave.
/// </remarks>
internal static class BucketMapping
{
    public const int MaxScale = 5;
    public const int MaxShift = 6;

    private const int BucketsPerOctave = 1 << MaxScale;
    private const int MantissaBits = 52;
    private const ulong MantissaMask = (1UL << MantissaBits) - 1;
    private const int SegmentBits = 6;

    /// <summary>Index of the smallest subnormal and of the greatest finite value.</summary>
    public const int MinIndex = (-1074 * BucketsPerOctave) - 1;
    public const int MaxIndex = (1023 * BucketsPerOctave) + BucketsPerOctave - 1;

    // Per segment of the mantissa: the greatest mantissa not above the segment's boundary in the upper 58 bits, the number
    // of boundaries in the segments before it in the lower 6.
    private static readonly ulong[] Segments = CreateSegments();
    private static readonly double[] LowerBounds = CreateLowerBounds();

    /// <summary>Index at the finest scale of a value's magnitude. Zero and NaN have none; infinity counts as the greatest finite value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int IndexOf(ulong magnitudeBits)
    {
        var exponent = (int)(magnitudeBits >> MantissaBits);
        var mantissa = magnitudeBits & MantissaMask;
        if ((uint)(exponent - 1) >= 0x7FE)
        {
            return IndexOfUnusual(exponent, mantissa);
        }

        return IndexOf(exponent - 1023, mantissa);
    }

    /// <summary>
    /// The value that is off by the same share at both ends of a bucket: lower bound · 2b/(1+b), where b is the bucket's width.
    /// Relative error at most (b-1)/(b+1).
    /// </summary>
    public static double Estimate(int index, int shift)
    {
        var position = index << shift;
        var width = WidthOf(shift);
        return Math.ScaleB(LowerBounds[position & (BucketsPerOctave - 1)] * (2 * width / (1 + width)), position >> MaxScale);
    }

    /// <summary>Upper bound of a bucket divided by its lower bound.</summary>
    public static double WidthOf(int shift) => Math.Pow(2, (1 << shift) / (double)BucketsPerOctave);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int IndexOf(int exponent, ulong mantissa)
    {
        var segment = Segments[mantissa >> (MantissaBits - SegmentBits)];
        var below = (int)(segment & 63) + ((mantissa << SegmentBits) > segment ? 1 : 0);
        return (exponent * BucketsPerOctave) + below - 1;
    }

    private static int IndexOfUnusual(int exponent, ulong mantissa)
    {
        if (exponent != 0)
        {
            return MaxIndex;
        }

        var shift = BitOperations.LeadingZeroCount(mantissa) - (63 - MantissaBits);
        return IndexOf(-1022 - shift, (mantissa << shift) & MantissaMask);
    }

    private static ulong[] CreateSegments()
    {
        var segments = new ulong[1 << SegmentBits];
        var boundary = 0;
        for (var i = 0; i < segments.Length; i++)
        {
            var mantissa = boundary < BucketsPerOctave ? MantissaOfBoundary(boundary) : MantissaMask;
            var holdsBoundary = boundary < BucketsPerOctave && (int)(mantissa >> (MantissaBits - SegmentBits)) == i;
            segments[i] = ((holdsBoundary ? mantissa : MantissaMask) << SegmentBits) | (uint)boundary;
            boundary += holdsBoundary ? 1 : 0;
        }

        return segments;
    }

    private static double[] CreateLowerBounds()
    {
        var bounds = new double[BucketsPerOctave];
        for (var k = 0; k < bounds.Length; k++)
        {
            bounds[k] = BitConverter.UInt64BitsToDouble((1023UL << MantissaBits) | MantissaOfBoundary(k));
        }

        return bounds;
    }

    /// <summary>The mantissa of the greatest double that is not above 2^(k/32): floor of the 32nd root of 2^(k + 52·32), by five square roots.</summary>
    private static ulong MantissaOfBoundary(int k)
    {
        var root = BigInteger.One << (k + (MantissaBits * BucketsPerOctave));
        for (var i = 0; i < MaxScale; i++)
        {
            root = SquareRoot(root);
        }

        return (ulong)root & MantissaMask;
    }

    private static BigInteger SquareRoot(BigInteger value)
    {
        var root = BigInteger.One << (int)((value.GetBitLength() + 1) / 2);
        while (true)
        {
            var next = (root + (value / root)) >> 1;
            if (next >= root)
            {
                return root;
            }

            root = next;
        }
    }
}
