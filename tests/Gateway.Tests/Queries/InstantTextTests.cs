using System.Globalization;
using System.Text;
using CsCheck;
using OrleansMetrics.Gateway.Queries;

namespace OrleansMetrics.Gateway.Tests.Queries;

public sealed class InstantTextTests
{
    private static readonly long Earliest = DateTimeOffset.MinValue.ToUnixTimeMilliseconds();
    private static readonly long Latest = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    private static readonly Gen<long> Time = Gen.OneOf(Gen.Long[Earliest, Latest], Gen.Long[-172_800_000, 172_800_000], Gen.Long[-3_000, 3_000].Select(static second => second * 1_000));

    [Fact]
    public void Instants_are_written_as_their_format_says_one_after_the_other() => Time.Array[1, 20].Sample(
        static times =>
        {
            var instants = new InstantText();
            Assert.All(times, time => Assert.Equal(Expected(time), Write(instants, time)));
        },
        iter: 20_000);

    [Fact]
    public void What_reaches_beyond_the_calendar_is_kept_within_it()
    {
        var instants = new InstantText();
        Assert.Equal(["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z"], [Write(instants, Earliest - 1), Write(instants, long.MaxValue)]);
    }

    private static string Expected(long time) =>
        DateTimeOffset.FromUnixTimeMilliseconds(time).UtcDateTime.ToString(AggregatesJson.InstantFormat, CultureInfo.InvariantCulture);

    private static string Write(InstantText instants, long time)
    {
        Span<byte> text = stackalloc byte[InstantText.MaxBytes];
        return Encoding.ASCII.GetString(text[..instants.Write(time, text)]);
    }
}
