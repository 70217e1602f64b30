using System.Buffers;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.Tests.Aggregation;

public sealed class SeriesLimitTests
{
    private static readonly WindowSettings Settings = AggregatorRun.CreateSettings(10, 0, 3) with { Series = new SeriesLimits(100_000, 3) };

    [Fact]
    public void Points_of_series_beyond_the_limit_are_in_the_overflow_series_and_totals_are_exact()
    {
        var aggregator = new MetricAggregator(Settings);
        Apply(aggregator, 1, 0, (0, 1, 1), (1, 2, 1), (2, 4, 1), (3, 8, 1), (4, 16, 1), (3, 32, 2));
        Assert.Equal(new AggregatorCounters(6, 0, 0, 3), aggregator.Counters);
        var series = Query(aggregator);
        Assert.Equal([1, 2, 4, 56], series.Select(static one => one.Total.Sum));
        Assert.Equal([new Tag("otel.metric.overflow", "true")], series[^1].Tags);
        Assert.Equal(3, Assert.Single(series[^1].Windows).Count);
        Assert.Equal(4, aggregator.SeriesCount);
    }

    [Fact]
    public void Which_series_overflow_outlives_a_restart()
    {
        var aggregator = new MetricAggregator(Settings);
        Apply(aggregator, 1, 0, (0, 1, 1), (1, 1, 1), (2, 1, 1), (3, 1, 1));
        aggregator = MetricAggregator.ReadSnapshot(Write(aggregator), Settings);
        Assert.Equal(new AggregatorCounters(4, 0, 0, 1), aggregator.Counters);
        Apply(aggregator, 2, 5, (3, 1, 6), (0, 1, 6), (9, 1, 6));
        Assert.Equal(new AggregatorCounters(7, 0, 0, 3), aggregator.Counters);
        Assert.Equal([2L, 1, 1, 3], Query(aggregator).Select(static one => one.Total.Count));
    }

    [Fact]
    public void Expired_series_make_room_for_defined_ones()
    {
        var aggregator = new MetricAggregator(Settings);
        Apply(aggregator, 1, 0, (0, 1, 1), (1, 1, 1), (2, 1, 1), (3, 1, 1));
        Apply(aggregator, 2, 60_000, (0, 1, 60_001), (3, 1, 60_001));
        Apply(aggregator, 3, 120_000, (0, 1, 120_001), (3, 1, 120_001), (4, 1, 120_001), (5, 1, 120_001));
        Assert.Equal(["0", "3", "4", "overflow"], Query(aggregator).Select(static one => one.Tags.Length == 1 ? "overflow" : one.Tags[1].Value).Order(StringComparer.Ordinal));
        Assert.Equal(3, aggregator.Counters.Overflowed);

        // Without its definition a series stays where it is while there is an overflow series.
        var room = MetricAggregator.ReadSnapshot(Write(aggregator), Settings with { Series = new SeriesLimits(100_000, 100) });
        new AggregatorStep(4, 120_000, new TestSlice([new TestPoint(AggregatorRun.IdOf(5), 1, 120_002)], [])).ApplyTo(room);
        Assert.Equal(4, room.Counters.Overflowed);
        Apply(room, 5, 120_000, (5, 1, 120_002));
        Assert.Equal(4, room.Counters.Overflowed);
    }

    [Fact]
    public void A_full_node_starts_no_series_and_goes_on_with_those_it_has()
    {
        var aggregator = new MetricAggregator(Settings with { Series = SeriesLimits.None });
        Apply(aggregator, 1, 0, (0, 1, 1));
        aggregator.NodeIsFull = true;
        Apply(aggregator, 2, 0, (0, 1, 1), (1, 1, 1));
        aggregator.NodeIsFull = false;
        Apply(aggregator, 3, 0, (1, 1, 1), (2, 1, 1));
        Assert.Equal(new AggregatorCounters(5, 0, 0, 1), aggregator.Counters);
        Assert.Equal(4, aggregator.SeriesCount);
    }

    private static void Apply(MetricAggregator aggregator, long position, long watermark, params (int Series, double Value, int Time)[] points) => new AggregatorStep(
        position, watermark, new TestSlice(
            [.. points.Select(static point => new TestPoint(AggregatorRun.IdOf(point.Series), point.Value, point.Time))],
            [.. points.Select(static point => point.Series).Distinct().Select(static series => new TestDefinition(AggregatorRun.IdOf(series), AggregatorRun.KeyOf(series)))])).ApplyTo(aggregator);

    private static SeriesAggregates[] Query(MetricAggregator aggregator) => aggregator.Query("m", new AggregatesQuery()).Series;

    private static byte[] Write(MetricAggregator aggregator)
    {
        var output = new ArrayBufferWriter<byte>();
        aggregator.WriteSnapshot(output);
        return output.WrittenSpan.ToArray();
    }
}
