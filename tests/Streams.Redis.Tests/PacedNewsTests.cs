using Microsoft.Extensions.Time.Testing;

namespace OrleansMetrics.Streams.Redis.Tests;

public sealed class PacedNewsTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    private readonly FakeTimeProvider _time = new();
    private readonly List<(int Partition, long Position)> _told = [];

    [Fact]
    public void After_a_pause_news_are_told_at_once()
    {
        using var news = Open(Interval);

        news.Seen(0, 1);
        Assert.Equal([(0, 1)], Told());
        _time.Advance(Interval);
        news.Seen(1, 4);
        Assert.Equal([(1, 4)], Told());
    }

    [Fact]
    public void News_that_follow_are_told_together_when_the_interval_is_over()
    {
        using var news = Open(Interval);
        news.Seen(0, 1);
        Told();

        news.Seen(1, 7);
        _time.Advance(Interval / 2);
        news.Seen(0, 2);
        news.Seen(0, 3);
        Assert.Empty(Told());
        _time.Advance(Interval / 2);
        Assert.Equal([(0, 3), (1, 7)], Told());

        // The interval begins anew.
        news.Seen(1, 8);
        Assert.Empty(Told());
        _time.Advance(Interval);
        Assert.Contains((1, 8L), Told());
    }

    [Fact]
    public void What_is_known_is_not_told_again()
    {
        using var news = Open(Interval);
        news.Seen(0, 5);
        Told();
        _time.Advance(2 * Interval);

        news.Seen(0, 5);
        news.Seen(0, 4);

        Assert.Empty(Told());
    }

    [Fact]
    public void Without_an_interval_everything_is_told_at_once()
    {
        using var news = Open(TimeSpan.Zero);

        news.Seen(0, 1);
        news.Seen(0, 2);
        news.Seen(1, 1);

        Assert.Equal([(0, 1), (0, 2), (1, 1)], Told());
    }

    private PacedNews Open(TimeSpan interval) => new((partition, position) => _told.Add((partition, position)), partitions: 2, interval, _time);

    private (int Partition, long Position)[] Told()
    {
        var told = _told.ToArray();
        _told.Clear();
        return told;
    }
}
