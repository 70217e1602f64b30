using System.Text;
using OrleansMetrics.Benchmarks.History;

namespace OrleansMetrics.Benchmarks.Tests.History;

public sealed class HistoryShapeTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.FromUnixTimeSeconds(1_767_225_600);

    [Fact]
    public void A_minute_has_every_series_at_every_interval()
    {
        var lines = Lines(new HistoryShape(2, 3, 1, 20), Start);
        Assert.Equal(2 * 3 * 3, lines.Length);
        Assert.Equal(6, lines.Select(static line => line.Split(' ')[0]).Distinct().Count());
        Assert.Equal(["1767225600", "1767225620", "1767225640"], lines.Take(3).Select(static line => line.Split(' ')[2]));
    }

    [Fact]
    public void Points_are_the_same_each_time_and_differ_from_minute_to_minute()
    {
        HistoryShape one = new(3, 5, 1, 10), other = new(3, 5, 1, 10);
        Assert.Equal(Lines(one, Start), Lines(other, Start));
        var (first, second) = (Lines(one, Start.AddMinutes(1)), Lines(other, Start.AddMinutes(1)));
        Assert.Equal(first, second);
        Assert.NotEqual(Values(first), Values(Lines(one, Start.AddMinutes(2))));
    }

    private static string[] Lines(HistoryShape shape, DateTimeOffset minute) => Encoding.UTF8.GetString(shape.Minute(minute)).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static string[] Values(string[] lines) => [.. lines.Select(static line => line.Split(' ')[1])];
}
