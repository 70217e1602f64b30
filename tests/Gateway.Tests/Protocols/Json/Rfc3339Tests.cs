using System.Globalization;
using System.Text;
using CsCheck;
using OrleansMetrics.Gateway.Protocols.Json;

namespace OrleansMetrics.Gateway.Tests.Protocols.Json;

public sealed class Rfc3339Tests
{
    [Fact]
    public void Every_time_is_read_as_DateTimeOffset_reads_it() =>
        Gen.Select(Gen.DateTime, Gen.Int[-1439, 1439], Gen.Int[0, 7]).Sample((time, offset, digits) =>
        {
            var shifted = DateTime.SpecifyKind(time, DateTimeKind.Unspecified);
            var fraction = digits == 0 ? "" : "." + new string('f', digits);
            var text = shifted.ToString("yyyy-MM-ddTHH:mm:ss" + fraction, CultureInfo.InvariantCulture)
                + (offset == 0 ? "Z" : $"{(offset < 0 ? '-' : '+')}{Math.Abs(offset) / 60:00}:{Math.Abs(offset) % 60:00}");
            var wall = DateTime.ParseExact(text[..(19 + fraction.Length)], "yyyy-MM-ddTHH:mm:ss" + fraction, CultureInfo.InvariantCulture);
            var expected = (long)Math.Floor((wall - DateTime.UnixEpoch).Ticks / 10_000m) - (offset * 60_000L);
            var inRange = expected >= DateTimeOffset.MinValue.ToUnixTimeMilliseconds() && expected <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();
            Assert.True(Rfc3339.TryParse(Encoding.UTF8.GetBytes(text), out var actual) == inRange && (!inRange || actual == expected), $"{text} {actual} {expected}");
        });

    [Theory]
    [InlineData("2024-02-29T23:59:60Z", 1709251200000)]
    [InlineData("2024-01-01t00:00:00z", 1704067200000)]
    [InlineData("2024-01-01 00:00:00.9999Z", 1704067200999)]
    [InlineData("1969-12-31T23:59:59.9999Z", -1)]
    public void Unusual_spellings_are_read(string text, long expected)
    {
        Assert.True(Rfc3339.TryParse(Encoding.UTF8.GetBytes(text), out var actual));
        Assert.Equal(expected, actual);
    }

    [Theory]
    [InlineData("")]
    [InlineData("2024-01-01")]
    [InlineData("2024-01-01T00:00:00")]
    [InlineData("2023-02-29T00:00:00Z")]
    [InlineData("2024-13-01T00:00:00Z")]
    [InlineData("2024-01-01T24:00:00Z")]
    [InlineData("2024-01-01T00:60:00Z")]
    [InlineData("2024-01-01T00:00:61Z")]
    [InlineData("2024-01-01T00:00:00.Z")]
    [InlineData("2024-01-01T00:00:00.5")]
    [InlineData("2024-01-01T00:00:00+0100")]
    [InlineData("2024-01-01T00:00:00+24:00")]
    [InlineData("2024-01-01T00:00:00Zx")]
    [InlineData("0000-01-01T00:00:00Z")]
    [InlineData("0001-01-01T00:00:00+00:01")]
    public void Anything_else_is_refused(string text) => Assert.False(Rfc3339.TryParse(Encoding.UTF8.GetBytes(text), out _));
}
