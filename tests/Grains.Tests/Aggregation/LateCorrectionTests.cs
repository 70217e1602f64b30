using System.Buffers;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.Aggregation;
using OrleansMetrics.Grains.History.Chunks;

namespace OrleansMetrics.Grains.Tests.Aggregation;

public sealed class LateCorrectionTests
{
    [Fact]
    public void A_late_point_corrects_its_final_window_and_says_so()
    {
        var aggregator = Create(correctFor: 100);
        Apply(aggregator, 1, 5, (1, 3, 2), (1, 4, 6));
        Apply(aggregator, 2, 50, (1, 10, 7), (1, 1, 6));
        var series = Assert.Single(Query(aggregator));
        var window = Assert.Single(series.Windows);
        Assert.Equal((true, 4, 18.0, 1.0, 10.0, 10.0, 2), (window.Final, window.Count, window.Sum, window.Min, window.Max, window.Last, window.Revision));
        Assert.Equal((4, 18.0), (series.Total.Count, series.Total.Sum));
        Assert.Equal(new AggregatorCounters(4, 0, 0, Corrected: 2), aggregator.Counters);
    }

    [Fact]
    public void A_window_takes_late_points_until_it_has_been_final_for_so_long()
    {
        var aggregator = Create(correctFor: 100, lateness: 5);
        Apply(aggregator, 1, 5, (1, 3, 2));
        Apply(aggregator, 2, 114, (1, 1, 2));
        Apply(aggregator, 3, 115, (1, 1, 2), (1, 1, 10));
        Assert.Equal(new AggregatorCounters(3, 1, 0, Corrected: 2), aggregator.Counters);
        Assert.Equal((110, 10), (aggregator.FinalThrough, aggregator.SettledThrough));
    }

    [Fact]
    public void A_restart_does_not_reopen_what_takes_no_late_points_any_more()
    {
        var aggregator = Create(correctFor: 0);
        Apply(aggregator, 1, 5, (1, 3, 2));
        Apply(aggregator, 2, 50, (1, 3, 55));
        aggregator = Restore(aggregator, correctFor: 1_000);
        Apply(aggregator, 3, 60, (1, 1, 2), (1, 1, 45), (1, 1, 55));
        Assert.Equal(new AggregatorCounters(3, 2, 0, Corrected: 1), aggregator.Counters);

        // And the other way round, what waits stays.
        aggregator = Restore(aggregator, correctFor: 0);
        Apply(aggregator, 4, 61, (1, 1, 55));
        Assert.Equal(new AggregatorCounters(3, 3, 0, Corrected: 1), aggregator.Counters);
        Assert.Equal([0L, 1], Assert.Single(Query(aggregator)).Windows.Select(static window => window.Revision));
    }

    [Fact]
    public void Late_points_start_series_or_go_to_the_overflow_series_as_others_do()
    {
        var aggregator = Create(correctFor: 1_000, series: new SeriesLimits(long.MaxValue, 2));
        aggregator.AdvanceWatermark(500);
        Apply(aggregator, 1, 500, (1, 3, 2), (2, 3, 2), (3, 3, 2));
        Assert.Equal(new AggregatorCounters(3, 0, 0, Overflowed: 1, Corrected: 3), aggregator.Counters);
        var series = Query(aggregator);
        Assert.Equal(3, series.Length);
        Assert.All(series, static one => Assert.Equal((1, 1, true), (one.Windows[0].Count, one.Windows[0].Revision, one.Windows[0].Final)));
        Assert.Equal("otel.metric.overflow", series[^1].Tags[0].Name);
    }

    [Fact]
    public void A_definition_that_comes_after_late_points_names_them()
    {
        var aggregator = Create(correctFor: 1_000);
        new AggregatorStep(1, 500, new TestSlice([new TestPoint(AggregatorRun.IdOf(1), 7, 3)], [])).ApplyTo(aggregator);
        Assert.Null(Assert.Single(Chunk.Parse(aggregator.WriteCorrectedRows(long.MinValue, 500).Bytes).Series).Key);
        new AggregatorStep(2, 501, new TestSlice([], [new TestDefinition(AggregatorRun.IdOf(1), AggregatorRun.KeyOf(1))])).ApplyTo(aggregator);
        Assert.Equal(AggregatorRun.KeyOf(1), Assert.Single(Chunk.Parse(aggregator.WriteCorrectedRows(long.MinValue, 500).Bytes).Series).Key);
    }

    [Fact]
    public void No_more_windows_wait_than_may_and_those_that_do_take_more_points()
    {
        var aggregator = Create(correctFor: 1_000, most: 2);
        aggregator.AdvanceWatermark(500);
        Apply(aggregator, 1, 500, (1, 1, 5), (1, 1, 15), (1, 1, 25), (2, 1, 5), (1, 1, 6), (1, 1, 16));
        Assert.Equal(new AggregatorCounters(4, 2, 0, Corrected: 4), aggregator.Counters);

        // Two settle, and there is room for two, whatever memory still holds of those.
        Apply(aggregator, 2, 1_020, (1, 1, 25), (2, 1, 25), (3, 1, 25));
        Assert.Equal(new AggregatorCounters(6, 3, 0, Corrected: 6), aggregator.Counters);
    }

    [Fact]
    public void Windows_that_are_settled_and_not_closed_yet_do_not_wait_any_more()
    {
        var aggregator = Create(correctFor: 100_000, most: 5_000);
        aggregator.AdvanceWatermark(100_000);
        Apply(aggregator, 1, 100_000, [.. Enumerable.Range(0, 5_001).Select(static i => (1, 1.0, 100L + (i * 10)))]);
        Assert.Equal(new AggregatorCounters(5_000, 1, 0, Corrected: 5_000), aggregator.Counters);
        Apply(aggregator, 2, 190_000, (1, 1, 91_000));
        Assert.Equal(190_001, aggregator.NextCloseAt);
        Apply(aggregator, 3, 190_000, [.. Enumerable.Range(0, 5_000).Select(static i => (1, 1.0, 100_000L + (i * 10)))]);
        Assert.Equal(new AggregatorCounters(10_000, 2, 0, Corrected: 10_000), aggregator.Counters);
    }

    [Fact]
    public void A_window_that_is_not_retained_is_not_shown_with_its_late_points_alone()
    {
        var aggregator = Create(correctFor: 1_000);
        for (var at = 0; at < 60; at += 10)
        {
            Apply(aggregator, 1 + at, at, (1, 1, at));
        }

        Apply(aggregator, 100, 70, (1, 1, 5), (1, 1, 45));
        Assert.Equal([(30L, 1L, 0L), (40, 2, 1), (50, 1, 0)], Query(aggregator)[0].Windows.Select(static window => (window.Start.ToUnixTimeMilliseconds(), window.Count, window.Revision)));

        // History has both, each once.
        Assert.Equal(2, aggregator.WriteCorrectedRows(long.MinValue, 1_000).Windows);
    }

    [Fact]
    public void A_corrected_window_is_told_again_once_per_slice_while_it_is_retained()
    {
        var sink = new Sink();
        var aggregator = Create(correctFor: 1_000);
        aggregator.FinalWindows = sink;
        for (var at = 0; at < 60; at += 10)
        {
            Apply(aggregator, 1 + at, at, (1, 1, at));
        }

        aggregator.AdvanceWatermark(70);
        Assert.Equal(6, sink.Told.Count);
        Apply(aggregator, 100, 70, (1, 1, 5), (1, 2, 45), (1, 3, 46));
        var window = Assert.Single(Assert.Single(sink.Told.Skip(6)).Windows);
        Assert.Equal((40, 3, 6.0, 2), (window.Start.ToUnixTimeMilliseconds(), window.Count, window.Sum, window.Revision));
    }

    [Fact]
    public void What_is_settled_and_in_history_gives_its_memory_back()
    {
        var aggregator = Create(correctFor: 10_000, series: new SeriesLimits(100_000));
        aggregator.KeptAfter = aggregator.CorrectionsKeptAfter = long.MinValue;
        aggregator.AdvanceWatermark(10_000);
        for (var series = 0; series < 100; series++)
        {
            // From the latest to the earliest.
            Apply(aggregator, series + 1, 10_000, [.. Enumerable.Range(0, 500).Select(i => (series, 1.5, 9_990L - (i * 10)))]);
        }

        Assert.Equal(50_000, aggregator.WriteCorrectedRows(long.MinValue, 10_000).Windows);
        var waiting = Write(aggregator).Length;
        aggregator.AdvanceWatermark(20_000);
        aggregator.AdvanceWatermark(20_001);
        while (aggregator.NextCloseAt < 30_000)
        {
            aggregator.AdvanceWatermark(aggregator.NextCloseAt);
        }

        aggregator.RemoveExpired();
        Assert.InRange(Write(aggregator).Length, waiting - 100, waiting + 100);
        aggregator.KeptAfter = aggregator.CorrectionsKeptAfter = 10_000;
        aggregator.RemoveExpired();
        Assert.InRange(Write(aggregator).Length, 0, waiting / 20);
        Assert.Equal(300, aggregator.WriteCorrectedRows(long.MinValue, 10_000).Windows);

        aggregator.AdvanceWatermark(200_000);
        aggregator.RemoveExpired();
        Assert.True(aggregator.IsEmpty);
        Assert.Equal(long.MaxValue, aggregator.NextCloseAt);
    }

    [Fact]
    public void A_snapshot_of_a_run_with_late_points_goes_on_as_if_nothing_had_been()
    {
        var whole = Create(correctFor: 300, lateness: 5);
        var split = Create(correctFor: 300, lateness: 5);
        var random = new Random(5);
        for (var position = 1; position < 300; position++)
        {
            var points = Enumerable.Range(0, 5).Select(_ => (random.Next(4), random.Next(-20, 20) / 4.0, position * 7L + random.Next(-400, 10))).ToArray();
            Apply(whole, position, position * 7, points);
            Apply(split, position, position * 7, points);
            split = Restore(split, correctFor: 300, lateness: 5);
            Assert.Equal(Write(whole), Write(split));
            Assert.Equal(whole.NextCloseAt, split.NextCloseAt);
        }

        Assert.InRange(whole.Counters.Corrected, 500, 1_400);
        Assert.InRange(whole.Counters.Late, 100, 600);
    }

    private static MetricAggregator Create(long correctFor, long lateness = 0, int most = int.MaxValue, SeriesLimits? series = null) =>
        new(Settings(correctFor, lateness) with { MaxCorrected = most, Series = series ?? SeriesLimits.None });

    private static WindowSettings Settings(long correctFor, long lateness) => AggregatorRun.CreateSettings(10, lateness, 3) with { CorrectFor = correctFor };

    private static MetricAggregator Restore(MetricAggregator aggregator, long correctFor, long lateness = 0) =>
        MetricAggregator.ReadSnapshot(Write(aggregator), Settings(correctFor, lateness));

    private static void Apply(MetricAggregator aggregator, long position, long watermark, params (int Series, double Value, long Time)[] points) => new AggregatorStep(
        position,
        watermark,
        new TestSlice(
            [.. points.Select(static point => new TestPoint(AggregatorRun.IdOf(point.Series), point.Value, point.Time))],
            [.. points.Select(static point => point.Series).Distinct().Select(static series => new TestDefinition(AggregatorRun.IdOf(series), AggregatorRun.KeyOf(series)))])).ApplyTo(aggregator);

    private static SeriesAggregates[] Query(MetricAggregator aggregator) => aggregator.Query("m", new AggregatesQuery { Limit = AggregatesQuery.MaxLimit }).Series;

    private static byte[] Write(MetricAggregator aggregator)
    {
        var output = new ArrayBufferWriter<byte>();
        aggregator.WriteSnapshot(output);
        return output.WrittenSpan.ToArray();
    }

    private sealed class Sink : IFinalWindowSink
    {
        public List<SeriesAggregates> Told { get; } = [];

        public void WindowFinal(SeriesAggregates series) => Told.Add(series);
    }
}
