using System.Numerics;
using CsCheck;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.Tests.Aggregation;

public sealed class BucketIndexTests
{
    private static readonly double[] Extremes =
        [double.Epsilon, 2 * double.Epsilon, 3 * double.Epsilon, 2.2250738585072009E-308, 2.2250738585072014E-308, 1, double.MaxValue, 0.1, 1e-310];

    [Fact]
    public void A_value_at_or_around_a_boundary_is_in_the_bucket_that_exact_arithmetic_says()
    {
        for (var j = 0; j <= BucketIndex.PerOctave; j++)
        {
            var boundary = Math.Pow(2, j / 32.0);
            foreach (var exponent in (int[])[-1021, -500, -3, -1, 0, 1, 2, 52, 53, 500, 1022])
            {
                var value = Math.ScaleB(boundary, exponent);
                foreach (var near in (double[])[Math.BitDecrement(Math.BitDecrement(value)), Math.BitDecrement(value), value, Math.BitIncrement(value), Math.BitIncrement(Math.BitIncrement(value))])
                {
                    AssertExact(near);
                }
            }
        }
    }

    [Fact]
    public void A_power_of_two_is_the_last_value_of_its_bucket()
    {
        for (var exponent = -1074; exponent <= 1023; exponent++)
        {
            var value = Math.ScaleB(1, exponent);
            Assert.Equal(exponent * 32 - 1, BucketIndex.Of(value));
            Assert.Equal(exponent > -1022 ? exponent * 32 : BucketIndex.Of(Math.BitIncrement(value)), BucketIndex.Of(Math.BitIncrement(value)));
            AssertExact(Math.BitIncrement(value));
        }
    }

    [Fact]
    public void Extreme_and_random_values_are_in_the_bucket_that_exact_arithmetic_says()
    {
        Assert.All(Extremes, AssertExact);
        Gen.Long[1, BitConverter.DoubleToInt64Bits(double.MaxValue)].Sample(static bits => AssertExact(BitConverter.Int64BitsToDouble(bits)), iter: 2_000);
        Gen.Long[1, (1L << 52) - 1].Sample(static bits => AssertExact(BitConverter.Int64BitsToDouble(bits)), iter: 500);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(3)]
    [InlineData(0)]
    [InlineData(-1)]
    public void All_finite_values_are_between_the_lowest_and_the_highest_bucket(int scale)
    {
        Assert.Equal(BucketIndex.Lowest(scale), BucketIndex.Of(double.Epsilon) >> (5 - scale));
        Assert.Equal(BucketIndex.Highest(scale), BucketIndex.Of(double.MaxValue) >> (5 - scale));
    }

    /// <summary>2^(i/32) &lt; value ≤ 2^((i+1)/32), compared in integers as 2^i &lt; value^32 ≤ 2^(i+1).</summary>
    private static void AssertExact(double value)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        var exponent = (int)(bits >> 52);
        var mantissa = new BigInteger(exponent == 0 ? bits : (bits & ((1L << 52) - 1)) | (1L << 52));
        var power = BigInteger.Pow(mantissa, 32);

        // value^32 = power · 2^shift.
        var shift = 32 * (Math.Max(exponent, 1) - 1075);
        var index = BucketIndex.Of(value);
        Assert.True(power > PowerOfTwo(index - shift), $"{value:R} is not above the lower end of bucket {index}");
        Assert.True(power <= PowerOfTwo(index + 1 - shift), $"{value:R} is above the upper end of bucket {index}");
    }

    /// <summary>Powers below one are rounded down: the other side is a whole number of at least one.</summary>
    private static BigInteger PowerOfTwo(int exponent) => exponent < 0 ? BigInteger.Zero : BigInteger.One << exponent;
}
