using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Series;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.Tests.Aggregation;

public sealed class MetricAggregatorTests
{
    private static readonly WindowSettings Settings = new(10_000, 5_000, 2, [0.5, 0.99]);
    private static readonly byte[] HostA = SeriesKey.Encode([new Tag("host", "a"), new Tag("dc", "x")]);
    private static readonly byte[] HostB = SeriesKey.Encode([new Tag("host", "b"), new Tag("dc", "x")]);

    private readonly MetricAggregator _aggregator = new(Settings);
    private long _position;

    [Fact]
    public void A_window_is_closed_by_the_watermark_alone()
    {
        Apply(1_000, [new(1, 1_000, 5)], [new(1, HostA)]);
        Assert.Equal(15_000, _aggregator.NextCloseAt);
        _aggregator.AdvanceWatermark(14_999);
        Assert.False(Assert.Single(Windows()).Final);
        _aggregator.AdvanceWatermark(15_000);
        Assert.True(Assert.Single(Windows()).Final);
        Assert.Equal(long.MaxValue, _aggregator.NextCloseAt);
        _aggregator.AdvanceWatermark(3);
        Assert.Equal(15_000, _aggregator.Watermark);
    }

    [Fact]
    public void A_late_point_is_counted_and_touches_nothing_else()
    {
        Apply(15_000, [new(1, 9_999, 5)], [new(1, HostA)]);
        Apply(15_000, [new(7, 9_999, 5)]);
        Assert.Equal(new AggregatorCounters(0, 2, 0), _aggregator.Counters);
        Assert.Equal(1, _aggregator.SeriesCount);
        var series = Assert.Single(Query().Series);
        Assert.Equal(new SeriesTotal { Count = 0, Sum = 0, Min = 0, Max = 0 }, series.Total);
        Assert.Empty(series.Windows);
    }

    [Fact]
    public void The_last_value_is_that_of_the_latest_event_time_and_then_of_the_log()
    {
        Apply(0, [new(1, 300, 1), new(1, 500, 2), new(1, 400, 3), new(1, 500, 4), new(1, 100, 5)], [new(1, HostA)]);
        var window = Assert.Single(Windows());
        Assert.Equal((4.0, 500), (window.Last, window.LastUpdated.ToUnixTimeMilliseconds()));
    }

    [Theory]
    [InlineData(-1, -10_000)]
    [InlineData(-10_000, -10_000)]
    [InlineData(-10_001, -20_000)]
    [InlineData(0, 0)]
    [InlineData(9_999, 0)]
    [InlineData(10_000, 10_000)]
    public void Windows_are_aligned_to_the_epoch_on_both_of_its_sides(long time, long start)
    {
        Apply(-100_000, [new(1, time, 5)], [new(1, HostA)]);
        Assert.Equal(start, Assert.Single(Windows()).Start.ToUnixTimeMilliseconds());
    }

    [Theory]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    public void Times_that_no_calendar_has_do_no_harm(long time)
    {
        Apply(long.MinValue, [new(1, time, 5), new(1, time, 6)], [new(1, HostA)]);
        Assert.Equal(2, Assert.Single(Windows()).Count);
        var restored = MetricAggregator.ReadSnapshot(MetricAggregatorProperties.Snapshot(_aggregator), Settings);
        Assert.Equal(_aggregator.NextCloseAt, restored.NextCloseAt);
        _aggregator.AdvanceWatermark(long.MaxValue);
        Assert.True(Assert.Single(Windows()).Final);
    }

    [Fact]
    public void Points_of_an_identity_with_two_keys_are_counted_and_not_merged()
    {
        Apply(0, [new(1, 0, 5)], [new(1, HostA)]);
        Apply(0, [new(1, 0, 6), new(2, 0, 7)], [new(1, HostB), new(2, HostB)]);
        Apply(0, [new(1, 0, 8)]);
        Assert.Equal(new AggregatorCounters(3, 0, 1), _aggregator.Counters);
        Assert.Equal(13, Assert.Single(Query().Series[0].Windows).Sum);
        Assert.Equal("a", Query().Series[0].Tags.Single(tag => tag.Name == "host").Value);
    }

    [Fact]
    public void Points_before_their_definition_are_kept_for_it()
    {
        Apply(0, [new(1, 0, 5)]);
        Assert.Empty(Query().Series);
        Assert.Equal((1, 1), (_aggregator.SeriesCount, (int)_aggregator.Counters.Processed));
        Apply(0, [], [new(1, HostA)]);
        Assert.Equal(5, Assert.Single(Query().Series).Total.Sum);
    }

    [Fact]
    public void Only_the_retained_windows_are_kept_and_the_totals_keep_all()
    {
        Apply(0, [new(1, 0, 1), new(1, 10_000, 2), new(1, 20_000, 3), new(1, 30_000, 4)], [new(1, HostA)]);
        _aggregator.AdvanceWatermark(35_000);
        var series = Assert.Single(Query().Series);
        Assert.Equal([2.0, 3.0, 4.0], series.Windows.Select(window => window.Sum));
        Assert.Equal([true, true, false], series.Windows.Select(window => window.Final));
        Assert.Equal((4, 10.0), (series.Total.Count, series.Total.Sum));
    }

    [Fact]
    public void A_query_selects_by_tags_time_and_finality()
    {
        Apply(0, [new(1, 0, 1), new(1, 10_000, 2), new(1, 20_000, 3), new(2, 0, 9)], [new(1, HostA), new(2, HostB)]);
        _aggregator.AdvanceWatermark(15_000);
        Assert.Equal(2, Query(new() { Tags = [new Tag("dc", "x")] }).Series.Length);
        Assert.Equal(9, Assert.Single(Query(new() { Tags = [new Tag("host", "b"), new Tag("dc", "x")] }).Series).Total.Sum);
        Assert.Empty(Query(new() { Tags = [new Tag("host", "b"), new Tag("host", "a")] }).Series);
        Assert.Empty(Query(new() { Tags = [new Tag("hos", "b")] }).Series);
        Assert.Equal([1.0], WindowSums(new() { FinalOnly = true }));
        Assert.Equal([2.0, 3.0], WindowSums(new() { From = At(10_000) }));
        Assert.Equal([1.0, 2.0, 3.0], WindowSums(new() { From = At(9_999) }));
        Assert.Equal([1.0], WindowSums(new() { To = At(10_000) }));
        Assert.Equal([1.0, 2.0], WindowSums(new() { To = At(10_000).AddTicks(1) }));
    }

    [Fact]
    public void Pages_follow_each_other_without_gap_or_repetition()
    {
        var ids = Enumerable.Range(1, 25).Select(i => (ulong)i << 40).ToArray();
        var definitions = ids.Select(id => new TestDefinition(id, SeriesKey.Encode([new Tag("id", $"{id}")]))).ToArray();
        Apply(0, [.. ids.Select(id => new TestPoint(id, 0, id))], definitions);
        var seen = new List<double>();
        string? after = null;
        do
        {
            var page = Query(new() { Limit = 10, After = after });
            seen.AddRange(page.Series.Select(series => series.Total.Sum));
            after = page.Next;
        }
        while (after is not null);

        Assert.Equal(ids.Select(id => (double)id), seen);
        Assert.Null(Query(new() { Limit = 25 }).Next);
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(1_001, null)]
    [InlineData(1, "00000000000000ff")]
    [InlineData(1, "1")]
    [InlineData(1, "")]
    [InlineData(1, "not a cursor at all")]
    public void A_limit_or_cursor_that_is_none_is_refused(int limit, string? after)
    {
        Apply(0, [new(1, 0, 1)], [new(1, HostA)]);
        Assert.Throws<ArgumentException>(() => Query(new() { Limit = limit, After = after }));
    }

    [Fact]
    public void Windows_of_another_size_stay_next_to_the_new_ones()
    {
        Apply(0, [new(1, 12_000, 1)], [new(1, HostA)]);
        var other = MetricAggregator.ReadSnapshot(MetricAggregatorProperties.Snapshot(_aggregator), Settings with { Size = 60_000 });
        MetricAggregatorProperties.Apply(other, new TestSlice(0, [new(1, 12_000, 2), new(1, 13_000, 3)], []), 2);
        Assert.Equal(25_000, other.NextCloseAt);
        var windows = Assert.Single(other.Query(Slices.Metric, new()).Series).Windows;
        Assert.Equal([(0L, 60L, 5.0), (10L, 20L, 1.0)], windows.Select(w => (w.Start.ToUnixTimeSeconds(), w.End.ToUnixTimeSeconds(), w.Sum)));
        other.AdvanceWatermark(25_000);
        Assert.Equal(65_000, other.NextCloseAt);
    }

    [Fact]
    public void Many_windows_of_one_series_may_be_open()
    {
        var random = new Random(5);
        var points = Enumerable.Range(0, 5_000).Select(i => new TestPoint(1, random.Next(0, 600_000), i)).ToArray();
        Apply(0, points, [new(1, HostA)]);
        Assert.Equal(60, Windows().Length);
        Assert.Equal(
            points.GroupBy(point => point.Time / 10_000).OrderBy(group => group.Key).Select(group => (group.LongCount(), group.Sum(point => point.Value))),
            Windows().Select(window => (window.Count, window.Sum)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(600)]
    [InlineData(10_000)]
    public void Points_of_known_series_and_windows_allocate_nothing(int seriesCount)
    {
        var slice = RandomSlice(seriesCount, 0);
        for (var i = 0; i < 3; i++)
        {
            _aggregator.Apply(new SliceReader(slice.Span), ++_position, 0);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        _aggregator.Apply(new SliceReader(slice.Span), ++_position, 0);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(600)]
    [InlineData(10_000)]
    public void New_windows_reuse_the_memory_of_those_dropped(int seriesCount)
    {
        const int Windows = 24;
        const int Measured = 4;
        var slices = Enumerable.Range(0, Windows).Select(window => RandomSlice(seriesCount, window * 10_000)).ToArray();
        for (var i = 0; i < Windows - Measured; i++)
        {
            _aggregator.Apply(new SliceReader(slices[i].Span), ++_position, i * 10_000);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = Windows - Measured; i < Windows; i++)
        {
            _aggregator.Apply(new SliceReader(slices[i].Span), ++_position, i * 10_000);
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(60_000 * Windows, _aggregator.Counters.Processed);
        Assert.True(allocated < Measured * 600, $"{allocated} bytes for {Measured * 60_000} points");
    }

    [Theory]
    [InlineData(0, 0, 0, 0.5)]
    [InlineData(1, -1, 0, 0.5)]
    [InlineData(1, 0, -1, 0.5)]
    [InlineData(1, 0, 0, 1.1)]
    [InlineData(1, 0, 0, double.NaN)]
    [InlineData(long.MaxValue, 0, 0, 0.5)]
    public void Settings_out_of_range_are_refused(long size, long lateness, int retained, double probability) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new MetricAggregator(new WindowSettings(size, lateness, retained, [probability])));

    private void Apply(long watermark, TestPoint[] points, TestDefinition[]? definitions = null) =>
        MetricAggregatorProperties.Apply(_aggregator, new TestSlice(watermark, points, definitions ?? []), ++_position);

    private MetricAggregates Query(AggregatesQuery? query = null) => _aggregator.Query(Slices.Metric, query ?? new AggregatesQuery());

    private WindowAggregate[] Windows() => Assert.Single(Query().Series).Windows;

    private IEnumerable<double> WindowSums(AggregatesQuery query) => Query(query).Series[0].Windows.Select(window => window.Sum);

    private static ReadOnlyMemory<byte> RandomSlice(int seriesCount, long start)
    {
        var random = new Random(7);
        return Slices.Create([.. Enumerable.Range(0, 60_000).Select(i =>
            new TestPoint(SeriesKey.Hash(BitConverter.GetBytes(i % seriesCount)), start + random.Next(10_000), random.NextDouble() * 100))]);
    }

    private static DateTimeOffset At(long time) => DateTimeOffset.FromUnixTimeMilliseconds(time);
}
