using System.Globalization;
using System.Text;
using CsCheck;
using OrleansMetrics.Gateway.Protocols;

namespace OrleansMetrics.Gateway.Tests.Protocols;

public sealed class NumberReaderTests
{
    private static readonly Gen<string> Digits = Gen.Char['0', '9'].Array[1, 25].Select(digits => new string(digits));

    private static readonly Gen<string> Written =
        Gen.Select(Gen.OneOf("", "-", "+"), Digits, Gen.OneOf("", ".", "f"), Digits, Gen.OneOf("", "e", "E-", "e+"), Gen.Int[0, 400])
            .Select((sign, whole, point, fraction, e, exponent) =>
                sign + whole[..Math.Min(whole.Length, 1 + (exponent % 25))]
                + (point == "f" ? "." + fraction : point) + (e.Length == 0 ? "" : e + (exponent > 350 ? exponent : exponent % 40)));

    [Fact]
    public void Any_decimal_is_read_as_double_parse_reads_it()
    {
        var (fast, infinite) = (0, 0);
        Written.Sample(
            text =>
            {
                Check(text);
                Interlocked.Add(ref fast, text.Length < 16 && !text.Contains('e', StringComparison.OrdinalIgnoreCase) ? 1 : 0);
                Interlocked.Add(ref infinite, double.IsInfinity(double.Parse(text, CultureInfo.InvariantCulture)) ? 1 : 0);
            },
            iter: 200_000);
        Assert.True(fast > 1000 && infinite > 10, $"{fast} {infinite}");
    }

    [Fact]
    public void A_double_survives_being_written_and_read() =>
        Gen.Double.Where(double.IsFinite).Sample(value => Check(value.ToString("R", CultureInfo.InvariantCulture)), iter: 50_000);

    [Theory]
    [InlineData("9007199254740993")]
    [InlineData("9223372036854775807")]
    [InlineData("9223372036854775809")]
    [InlineData("18446744073709551615")]
    [InlineData("9999999999999999999")]
    [InlineData("5e-324")]
    [InlineData("2.2250738585072011e-308")]
    [InlineData("1.7976931348623157e308")]
    [InlineData("1e22")]
    [InlineData("1e23")]
    [InlineData("-0")]
    [InlineData("-0.0")]
    [InlineData(".5")]
    [InlineData("5.")]
    [InlineData("0.1e-999999999999")]
    [InlineData("1e999999999999")]
    [InlineData("0e999999999999")]
    public void Numbers_at_the_edges_are_read_as_double_parse_reads_them(string text) => Check(text);

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("+.")]
    [InlineData(".")]
    [InlineData("e5")]
    [InlineData("1e")]
    [InlineData("1e+")]
    [InlineData("x")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    public void What_is_no_number_has_no_length(string text) => Assert.Equal(0, NumberReader.Read(Encoding.UTF8.GetBytes(text), out _, out _));

    [Theory]
    [InlineData("12,", 2, true)]
    [InlineData("12.5 ", 4, false)]
    [InlineData("12i", 2, true)]
    [InlineData("1e5x", 3, false)]
    [InlineData("1.2.3", 3, false)]
    public void Reading_stops_where_the_number_ends(string text, int length, bool isInteger)
    {
        Assert.Equal(length, NumberReader.Read(Encoding.UTF8.GetBytes(text), out _, out var integer));
        Assert.Equal(isInteger, integer);
    }

    private static void Check(string text)
    {
        var length = NumberReader.Read(Encoding.UTF8.GetBytes(text), out var value, out _);
        var expected = double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
        Assert.True(
            length == text.Length && BitConverter.DoubleToInt64Bits(value) == BitConverter.DoubleToInt64Bits(expected),
            $"{text}: {value:R} instead of {expected:R}, {length} bytes");
    }
}
