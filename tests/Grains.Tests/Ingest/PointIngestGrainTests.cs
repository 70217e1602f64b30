using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using OrleansMetrics.Contracts.Ingest;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Grains.Ingest;
using OrleansMetrics.Streams.Batching;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Grains.Tests.Ingest;

public sealed class PointIngestGrainTests
{
    private readonly FakeBatcher _batcher = new();
    private readonly IngestStatistics _statistics = new();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch.AddYears(50));

    [Fact]
    public async Task A_repeated_call_says_so_and_its_points_are_durable()
    {
        var grain = NewGrain();
        MetricPoint[] points = [Point(1), Point(double.NaN), Point(2)];
        var first = await grain.PublishOnce("till", 7, points);
        var second = await grain.PublishOnce("till", 7, points);

        Assert.Equal((2, 1, false, false), (first.Accepted, first.RejectedCount, first.Overloaded, first.Repeated));
        Assert.Equal((2, 1, false, true), (second.Accepted, second.RejectedCount, second.Overloaded, second.Repeated));
        Assert.Equal("not_finite", second.Rejected.Single().Reason);
        Assert.Equal(RequestKey.Of("till"u8, 7L), _batcher.Submitted[0].Key);
    }

    [Fact]
    public async Task Another_producer_or_sequence_is_another_call_and_publish_has_no_name()
    {
        var grain = NewGrain();
        Assert.False((await grain.PublishOnce("a", 0, [Point(1)])).Repeated);
        Assert.False((await grain.PublishOnce("a", long.MaxValue, [Point(1)])).Repeated);
        Assert.False((await grain.PublishOnce("b", 0, [Point(1)])).Repeated);
        await grain.Publish([Point(1)]);
        Assert.Equal(4, _batcher.Submitted.Select(static request => request.Key).Distinct().Count());
        Assert.Null(_batcher.Submitted[^1].Key);
    }

    [Fact]
    public async Task A_call_without_a_usable_name_is_refused_and_nothing_is_taken()
    {
        var grain = NewGrain();
        await Assert.ThrowsAsync<ArgumentNullException>(() => grain.PublishOnce(null!, 0, [Point(1)]));
        await Assert.ThrowsAsync<ArgumentException>(() => grain.PublishOnce("", 0, [Point(1)]));
        await Assert.ThrowsAsync<ArgumentException>(() => grain.PublishOnce(new string('ä', 128), 0, [Point(1)]));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => grain.PublishOnce("a", -1, [Point(1)]));
        Assert.Empty(_batcher.Submitted);
        Assert.Equal(1, (await grain.PublishOnce(new string('x', PublishResult.MaxProducerBytes), 0, [Point(1)])).Accepted);
    }

    [Fact]
    public async Task When_the_log_fails_the_caller_is_told_whether_to_repeat()
    {
        var grain = NewGrain();
        _batcher.Status = SubmitStatus.Failed;
        Assert.Contains("Repeat the call", (await Assert.ThrowsAsync<IOException>(() => grain.PublishOnce("a", 1, [Point(1)]))).Message, StringComparison.Ordinal);
        Assert.Contains("PublishOnce", (await Assert.ThrowsAsync<IOException>(() => grain.Publish([Point(1)]))).Message, StringComparison.Ordinal);
        _batcher.Status = SubmitStatus.Full;
        Assert.True((await grain.PublishOnce("a", 1, [Point(1)])).Overloaded);
        Assert.Equal(1, _statistics.Overloaded);
    }

    [Theory]
    [InlineData("00:00:00")]
    [InlineData("00:10:00")]
    [InlineData("10675199.02:48:05.4775807")]
    public async Task Timestamps_may_be_as_far_ahead_as_the_setting_says(string setting)
    {
        var bound = TimeSpan.Parse(setting, System.Globalization.CultureInfo.InvariantCulture);
        var grain = NewGrain(bound);
        var now = _time.GetUtcNow();
        var latest = bound > DateTimeOffset.MaxValue - now ? DateTimeOffset.MaxValue : now + bound;
        Assert.Equal(1, (await grain.Publish([Point(1) with { Timestamp = latest }])).Accepted);
        if (latest < DateTimeOffset.MaxValue)
        {
            var result = await grain.Publish([Point(1) with { Timestamp = latest.AddMilliseconds(1) }]);
            Assert.Equal("too_far_ahead", result.Rejected.Single().Reason);
        }
    }

    private static MetricPoint Point(double value) => new() { Metric = "orders", Value = value };

    private PointIngestGrain NewGrain(TimeSpan? maxFutureTime = null) => new(
        _batcher,
        new SeriesCache(4, new SeriesCacheOptions()),
        _statistics,
        Options.Create(maxFutureTime is { } bound ? new PointTimeOptions { MaxFutureTime = bound } : new PointTimeOptions()),
        _time);
}
