using OrleansMetrics.Gateway.Queries;

namespace OrleansMetrics.Gateway.Tests.Queries;

public sealed class QueryInstantTests
{
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("now", "2026-06-01T12:00:00.0000000+00:00")]
    [InlineData("NOW", "2026-06-01T12:00:00.0000000+00:00")]
    [InlineData("-90s", "2026-06-01T11:58:30.0000000+00:00")]
    [InlineData("-30m", "2026-06-01T11:30:00.0000000+00:00")]
    [InlineData("now-30m", "2026-06-01T11:30:00.0000000+00:00")]
    [InlineData("-1h", "2026-06-01T11:00:00.0000000+00:00")]
    [InlineData("-1d", "2026-05-31T12:00:00.0000000+00:00")]
    [InlineData("-1w", "2026-05-25T12:00:00.0000000+00:00")]
    [InlineData("0", "1970-01-01T00:00:00.0000000+00:00")]
    [InlineData("1767225600", "2026-01-01T00:00:00.0000000+00:00")]
    [InlineData("1767225600.25", "2026-01-01T00:00:00.2500000+00:00")]
    [InlineData("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.0000000+00:00")]
    [InlineData("2026-01-01t00:00:00z", "2026-01-01T00:00:00.0000000+00:00")]
    [InlineData("2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00.5000000+00:00")]
    [InlineData("2026-01-01T00:00:00.123456789Z", "2026-01-01T00:00:00.1234567+00:00")]
    [InlineData("2026-01-01T02:00:00+02:00", "2026-01-01T00:00:00.0000000+00:00")]
    [InlineData("2026-01-01T02:00:00 02:00", "2026-01-01T00:00:00.0000000+00:00")]
    [InlineData("2025-12-31T19:00:00-05:00", "2026-01-01T00:00:00.0000000+00:00")]
    public void An_instant_is_read(string text, string expected)
    {
        Assert.True(QueryInstant.TryParse(text, Now, out var instant));
        Assert.Equal(expected, instant.ToString("O"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("-h")]
    [InlineData("-1")]
    [InlineData("-1y")]
    [InlineData("--1h")]
    [InlineData("-1.5h")]
    [InlineData("-99999999999999w")]
    [InlineData("+1h")]
    [InlineData("now+1h")]
    [InlineData("now1767225600")]
    [InlineData("later")]
    [InlineData("1e9")]
    [InlineData("NaN")]
    [InlineData("1767225600000")]
    [InlineData("99999999999999999999999999999999")]
    [InlineData("2026-01-01")]
    [InlineData("2026-01-01T00:00:00")]
    [InlineData("2026-01-01T00:00:00.Z.")]
    [InlineData("2026-13-01T00:00:00Z")]
    [InlineData("2026-01-01T24:00:00Z")]
    [InlineData("2026-01-01T00:00:00+99:00")]
    [InlineData("0001-01-01T00:00:00+14:00")]
    [InlineData("01/02/2026 00:00:00Z")]
    public void Anything_else_is_refused(string text) => Assert.False(QueryInstant.TryParse(text, Now, out _));
}
