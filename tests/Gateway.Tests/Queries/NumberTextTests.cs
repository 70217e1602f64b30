using System.Globalization;
using System.Text;
using CsCheck;
using OrleansMetrics.Gateway.Queries;

namespace OrleansMetrics.Gateway.Tests.Queries;

public sealed class NumberTextTests
{
    /// <summary>Of the bits of positive doubles from some 1e-5 to 1e16; and of those powers of two and their neighbours.</summary>
    private static readonly Gen<double> Plain = Gen.Frequency(
        (4, Gen.Long[0x3EE0_0000_0000_0000, 0x4342_0000_0000_0000].Select(BitConverter.Int64BitsToDouble)),
        (1, Gen.Select(Gen.Long[0x3EE, 0x434], Gen.Int[-2, 2], static (exponent, next) => BitConverter.Int64BitsToDouble((exponent << 52) + next))));

    private static readonly Gen<double> Any = Gen.Frequency(
        (2, Gen.Double.Where(double.IsFinite)),
        (2, Gen.Double[-1e6, 1e6]),
        (3, Gen.Select(Gen.Long[-1_000_000_000_000_000_000, 1_000_000_000_000_000_000], Gen.Int[0, 18], static (digits, places) => (double)(digits / (decimal)Math.Pow(10, places)))),
        (3, Gen.Select(Gen.Int[-2_000_000, 2_000_000], Gen.Int[1, 16_384], static (sum, count) => (double)sum / count)),
        (2, Gen.Long[-9_007_199_254_740_999, 9_007_199_254_740_999].Select(static thousandths => thousandths / 1_000.0)),
        (1, Gen.Long.Select(BitConverter.Int64BitsToDouble).Where(double.IsFinite)));

    [Fact]
    public void A_number_is_written_as_dotnet_writes_it()
    {
        int whole = 0, decimals = 0, others = 0;
        Any.Sample(
            value =>
            {
                Check(value);
                Interlocked.Increment(ref Math.Round(value) == value ? ref whole : ref Math.Round(value * 1_000) / 1_000 == value ? ref decimals : ref others);
            },
            iter: 200_000);
        Assert.All([whole, decimals, others], static seen => Assert.True(seen > 5_000, $"a case was generated only {seen} times"));
    }

    [Fact]
    public void A_number_without_exponent_is_written_as_dotnet_writes_it() => Gen.Select(Plain, Gen.Bool, static (value, negative) => negative ? -value : value).Sample(Check, iter: 500_000);

    [Fact]
    public void Numbers_at_the_edges_are_written_as_dotnet_writes_them() => Array.ForEach(
        [
            0, -0.0, 1, -1, 0.001, -0.001, 0.0015, 0.0005, 0.0009999999999999999, 1e-5, 1e-4, 0.1, 0.25, 0.125, 0.0625, 99.999, 999_999_999_999.999, 999_999_999_999_999, 1e15, -1e15,
            1e15 - 0.125, 999_999_999_999_999.9, 123_456_789_012.345, 1e16, 1e21, 4_503_599_627_370_496.5, double.MaxValue, double.MinValue, double.Epsilon, 1 / 3.0, 2 / 3.0, 1e-300, 0.3, 0.1 + 0.2,
        ],
        Check);

    private static void Check(double value)
    {
        Span<byte> text = stackalloc byte[NumberText.MaxBytes];
        Assert.Equal(value.ToString(CultureInfo.InvariantCulture), Encoding.ASCII.GetString(text[..NumberText.Write(value, text)]));
    }
}
