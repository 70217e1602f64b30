using System.Buffers;
using System.Text;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Gateway.Backup;

namespace OrleansMetrics.Gateway.Tests.Backup;

public sealed class ImportLineTests
{
    [Fact]
    public void A_line_is_read_with_all_members()
    {
        var line = Parse("""{"metric":"m","kind":"set","tags":{"b":"2","a":"1"},"start":"2026-01-01T00:00:00Z","end":"2026-01-01T00:01:00Z","final":true,"count":12,"sum":"Infinity","min":-0.0,"max":1e300,"last":0.1,"lastUpdated":"2026-01-01T00:00:03.25Z","sketch":"gA=="}""");
        Assert.Equal(("m", MetricKind.Set), (line.Metric, line.Kind));
        Assert.Equal([new Tag("b", "2"), new Tag("a", "1")], line.Tags);
        var window = line.Window;
        Assert.Equal((new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), TimeSpan.FromMinutes(1), 12, double.PositiveInfinity), (window.Start, window.End - window.Start, window.Count, window.Sum));
        Assert.True(double.IsNegative(window.Min));
        Assert.Equal((1e300, 0.1, 3_250.0), (window.Max, window.Last, (window.LastUpdated - window.Start).TotalMilliseconds));
        Assert.Equal([0x80], window.Sketch!);
        Assert.Null(window.Values);
    }

    [Theory]
    [InlineData("""{"start":0,"end":1000,"values":[3,1]}""", 2, 1, 0)]
    [InlineData("""{"start":0,"end":1000,"count":7,"min":2,"max":2}""", 7, 2, 14)]
    [InlineData("""{"start":0,"end":1000,"count":1,"sum":5}""", 1, 5, 5)]
    public void What_follows_from_other_members_may_be_left_out(string text, long count, double last, double sum)
    {
        var line = Parse(text);
        Assert.Equal((count, last, sum), (line.Window.Count, line.Window.Last, line.Window.Sum));
        Assert.Equal((null, null, 0), (line.Metric, line.Kind, line.Tags.Length));
        Assert.Equal(line.Window.Start, line.Window.LastUpdated);
    }

    [Theory]
    [InlineData("", "is no JSON")]
    [InlineData("[1]", "no JSON object")]
    [InlineData("{}", "'start' or 'end' is missing")]
    [InlineData("""{"start":0,"end":1000}""", "'count' is missing")]
    [InlineData("""{"start":0,"end":1000,"count":3,"sum":1,"min":0,"max":1}""", "'values' are missing")]
    [InlineData("""{"start":"yesterday","end":1000,"count":1}""", "'start' is no time")]
    [InlineData("""{"start":1e300,"end":1000,"count":1}""", "'start' is no time")]
    [InlineData("""{"start":0,"end":1000,"count":1.5,"sum":1}""", "'count' is not of its type")]
    [InlineData("""{"start":0,"end":1000,"values":["a"]}""", "'values' is not of its type")]
    [InlineData("""{"start":0,"end":1000,"values":[1],"sketch":"not base64!"}""", "'sketch' is not of its type")]
    [InlineData("""{"kind":"gage","start":0,"end":1000,"values":[1]}""", "'kind' is none of gauge")]
    [InlineData("""{"tags":{"a":""},"start":0,"end":1000,"values":[1]}""", "'tags' is not what tags can be")]
    [InlineData("""{"tags":{"a":"1","a":"2"},"start":0,"end":1000,"values":[1]}""", "'tags' is more than 40 tags, or a tag comes twice")]
    [InlineData("""{"tags":{"a":1},"start":0,"end":1000,"values":[1]}""", "'tags' is not of its type")]
    public void What_is_no_window_is_refused_with_the_reason(string text, string message)
    {
        Assert.Null(ImportLine.Parse(new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(text)), out var error));
        Assert.Contains(message, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Windows_of_a_series_in_an_hour_stay_in_one_piece()
    {
        var piece = new ImportPiece();
        var number = 0;
        ImportLine Line(int seconds, string host) => Parse($$"""{"tags":{"host":"{{host}}"},"start":{{seconds * 1_000L}},"end":{{(seconds * 1_000L) + 1_000}},"values":[1]}""");
        for (; number < 20_000 && !piece.IsFullBefore(Line(number, "a")); number++)
        {
            piece.Add(Line(number, "a"), number, 100);
        }

        Assert.Equal(20_000, number);
        for (; !piece.IsFullBefore(Line(number, "a")); number++)
        {
            piece.Add(Line(number, "a"), number, 100);
        }

        Assert.Equal(6 * 3_600, number);
        Assert.True(piece.IsFullBefore(Line(number - 1, "b")));
        Assert.Equal(number, Assert.Single(piece.ToImport(MetricKind.Gauge).Series).Windows.Length);
    }

    private static ImportLine Parse(string text) => ImportLine.Parse(new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(text)), out var error) ?? throw new InvalidOperationException(error);
}
