using Microsoft.Extensions.Time.Testing;
using OrleansMetrics.Benchmarks.Load;

namespace OrleansMetrics.Benchmarks.Tests.Load;

public sealed class EventTimeTests
{
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.FromUnixTimeSeconds(1_700_000_000));

    [Fact]
    public void It_runs_by_points_while_it_is_ahead_of_the_clock()
    {
        var time = new EventTime(_clock);
        var first = time.Take(5_000, 1_000_000);
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(1_700_000_000_000_000_000, first);
        Assert.Equal(first + 5_000_000_000, time.Take(1, 1));
    }

    [Fact]
    public void It_never_falls_behind_the_clock()
    {
        var time = new EventTime(_clock);
        time.Take(5_000, 1);
        _clock.Advance(TimeSpan.FromSeconds(30));

        Assert.Equal(1_700_000_030_000_000_000, time.Take(1, 1));
    }

    [Fact]
    public void It_stays_within_what_nodes_take()
    {
        var time = new EventTime(_clock);
        time.Take(1_000_000, 1_000_000_000);

        Assert.InRange(time.Take(1, 1) - 1_700_000_000_000_000_000, 0, 9 * 60 * 1_000_000_000L);
    }
}
