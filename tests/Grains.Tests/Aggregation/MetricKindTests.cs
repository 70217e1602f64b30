using System.Buffers;
using CsCheck;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.Tests.Aggregation;

public sealed class MetricKindTests
{
    private static readonly WindowSettings Settings = AggregatorRun.CreateSettings(10, 0, 100);

    [Fact]
    public void Metrics_of_all_kinds_do_what_the_reference_does_whenever_they_are_restored_and_rows_are_removed()
    {
        long conflicts = 0, resets = 0, adopted = 0, expired = 0, overflowed = 0, increments = 0;
        var kinds = new long[5];
        Gen.Select(
            AggregatorRun.OfKinds, Gen.OneOf(Gen.Const(long.MaxValue), Gen.Const(40L), Gen.Const(150L)), Gen.OneOf(Gen.Const(int.MaxValue), Gen.Int[2, 4]), Gen.Int[0, 5].Array[25]).Sample(
            (run, expiry, limit, upkeep) =>
            {
                var settings = run.Settings with { Series = new SeriesLimits(expiry, limit) };
                var aggregator = new MetricAggregator(settings);
                var reference = new ReferenceAggregator(settings);
                var points = 0L;
                for (var i = 0; i < run.Steps.Length; i++)
                {
                    var (kind, before, rows) = (aggregator.Kind, aggregator.Counters.Processed, aggregator.SeriesCount);
                    run.Steps[i].ApplyTo(aggregator);
                    reference.Apply(run.Steps[i]);
                    points += run.Steps[i].Slice?.Points.Length ?? 0;
                    Interlocked.Add(ref adopted, before > 0 && aggregator.Kind != kind ? 1 : 0);
                    if (upkeep[i] == 0)
                    {
                        aggregator.RemoveExpired();
                        Interlocked.Add(ref expired, aggregator.SeriesCount < rows ? 1 : 0);
                    }
                    else if (upkeep[i] == 1)
                    {
                        var bytes = Write(aggregator);
                        aggregator = MetricAggregator.ReadSnapshot(bytes, settings);
                        Assert.Equal(bytes, Write(aggregator));
                    }

                    Assert.Equal(reference.Counters, aggregator.Counters);
                    Assert.Equal(points, aggregator.Counters.Settled);
                    Assert.Equal(Text(reference.Query(new AggregatesQuery())), Text(aggregator.Query("metric", new AggregatesQuery())));
                }

                Interlocked.Increment(ref kinds[(int)aggregator.Kind]);
                Interlocked.Add(ref conflicts, aggregator.Counters.Conflicted);
                Interlocked.Add(ref resets, reference.Resets);
                Interlocked.Add(ref overflowed, aggregator.Kind == MetricKind.CumulativeCounter ? aggregator.Counters.Overflowed : 0);
                Interlocked.Add(ref increments, aggregator.Kind != MetricKind.CumulativeCounter ? 0 : aggregator.Query("metric", new AggregatesQuery()).Series.Count(static series => series.Total.Sum > 0));
            },
            iter: 3_000);
        Assert.All([conflicts, resets, adopted, expired, overflowed, increments, .. kinds], static seen => Assert.True(seen > 100, $"a case was generated only {seen} times"));
    }

    [Fact]
    public void The_first_slice_that_names_a_kind_decides_and_points_of_another_one_are_dropped()
    {
        var aggregator = new MetricAggregator(Settings);
        Apply(aggregator, 1, MetricKind.Counter, (1, 1));
        Apply(aggregator, 2, MetricKind.Gauge, (2, 1), (4, 2));
        Apply(aggregator, 3, null, (8, 3));
        Apply(aggregator, 4, MetricKind.Counter, (16, 4));
        Assert.Equal(MetricKind.Counter, aggregator.Kind);
        Assert.Equal(new AggregatorCounters(3, 0, 0) { Conflicted = 2 }, aggregator.Counters);
        Assert.Equal(25, Single(aggregator).Total.Sum);
    }

    [Theory]
    [InlineData(MetricKind.Gauge, true)]
    [InlineData(MetricKind.Counter, true)]
    [InlineData(MetricKind.Distribution, true)]
    [InlineData(MetricKind.CumulativeCounter, false)]
    [InlineData(MetricKind.Set, false)]
    [InlineData((MetricKind)77, false)]
    public void What_nobody_has_named_yet_takes_a_kind_for_which_its_windows_are_right(MetricKind kind, bool isTaken)
    {
        var aggregator = new MetricAggregator(Settings);
        Apply(aggregator, 1, null, (1, 1));
        Assert.Equal(MetricKind.Gauge, aggregator.Kind);
        Apply(aggregator, 2, kind, (2, 2));
        Assert.Equal(isTaken ? (kind, 3d) : (MetricKind.Gauge, 1d), (aggregator.Kind, Single(aggregator).Total.Sum));
        Assert.Equal(isTaken ? 0 : 1, aggregator.Counters.Conflicted);
    }

    [Fact]
    public void Definitions_of_a_slice_that_is_dropped_count()
    {
        var aggregator = new MetricAggregator(Settings);
        aggregator.Apply(new SliceReader(new TestSlice([new TestPoint(1, 1, 1)], [], Kind: MetricKind.Gauge).ToBytes()), 1, 0);
        aggregator.Apply(new SliceReader(new TestSlice([new TestPoint(1, 1, 1)], [new TestDefinition(1, [])], Kind: MetricKind.Counter).ToBytes()), 2, 0);
        Assert.Equal(1, Single(aggregator).Total.Count);
    }

    [Fact]
    public void Windows_of_a_cumulative_counter_hold_by_how_much_it_has_grown()
    {
        // 100 is where it stands. The point at 14 and the second one at 15 are not later than what is known. 20 is less than 150: it has started again.
        var aggregator = new MetricAggregator(Settings);
        Apply(aggregator, 1, MetricKind.CumulativeCounter, (100, 1), (103, 4), (110, 8), (150, 15), (120, 14), (130, 15), (20, 22), (20, 23), (25, 31));
        var series = Single(aggregator);
        Assert.Equal([10, 40, 20, 5], series.Windows.Select(static window => window.Sum));
        Assert.Equal([3L, 3, 2, 1], series.Windows.Select(static window => window.Count));
        Assert.Equal((9, 75, 0, 40), (series.Total.Count, series.Total.Sum, series.Total.Min, series.Total.Max));
        Assert.Equal([1_000, 4_000, 2_000, 500], series.Windows.Select(static window => window.Rate));
    }

    [Fact]
    public void What_a_late_total_says_is_in_the_window_of_the_next_one()
    {
        var aggregator = new MetricAggregator(Settings);
        Apply(aggregator, 1, MetricKind.CumulativeCounter, (100, 5));
        Apply(aggregator, 2, 40, MetricKind.CumulativeCounter, (107, 12), (90, 3));
        Apply(aggregator, 3, 40, MetricKind.CumulativeCounter, (110, 41));
        Assert.Equal(new AggregatorCounters(2, 2, 0), aggregator.Counters);
        Assert.Equal([0, 10], Single(aggregator).Windows.Select(static window => window.Sum));
    }

    [Fact]
    public void Where_a_cumulative_counter_stands_outlives_a_restart_and_ends_with_its_series()
    {
        var settings = Settings with { Series = new SeriesLimits(100, int.MaxValue) };
        var aggregator = new MetricAggregator(settings);
        Apply(aggregator, 1, MetricKind.CumulativeCounter, (100, 5));
        aggregator = MetricAggregator.ReadSnapshot(Write(aggregator), settings);
        Apply(aggregator, 2, MetricKind.CumulativeCounter, (107, 6));
        Assert.Equal(7, Single(aggregator).Total.Sum);

        Apply(aggregator, 3, 500, null, (200, 501), (250, 502));
        Assert.Equal((2, 50), (Single(aggregator).Total.Count, Single(aggregator).Total.Sum));
    }

    [Fact]
    public void Totals_of_the_overflow_series_say_nothing()
    {
        var aggregator = new MetricAggregator(Settings with { Series = new SeriesLimits(100_000, 1) });
        for (var position = 1; position < 4; position++)
        {
            var points = Enumerable.Range(0, 3).Select(series => new TestPoint(AggregatorRun.IdOf(series), 10 * position * (series + 1), position)).ToArray();
            aggregator.Apply(new SliceReader(new TestSlice(points, [new TestDefinition(AggregatorRun.IdOf(0), AggregatorRun.KeyOf(0))], Kind: MetricKind.CumulativeCounter).ToBytes()), position, 0);
        }

        Assert.Equal([(3L, 20d), (6L, 0d)], aggregator.Query("m", new AggregatesQuery()).Series.Select(static series => (series.Total.Count, series.Total.Sum)));
        Assert.Equal(new AggregatorCounters(9, 0, 0, 6), aggregator.Counters);
    }

    [Fact]
    public void A_set_counts_different_elements_however_often_and_by_whom_they_are_sent()
    {
        var aggregator = new MetricAggregator(Settings);
        Apply(aggregator, 1, MetricKind.Set, (1, 1), (2, 2), (1, 3), (0, 4));
        Apply(aggregator, 2, null, (2, 5), (-0.0, 6), (7, 12));
        Apply(aggregator, 3, MetricKind.Set, (3, 1));
        var windows = Single(aggregator).Windows;
        Assert.Equal([(7L, 4L), (1, 1)], windows.Select(static window => (window.Count, window.Distinct!.Value)));
        Assert.Equal(6, windows[0].LastUpdated.Millisecond);
        Assert.All(windows, static window => Assert.Empty(window.Quantiles));
        Assert.Equal(8, Single(MetricAggregator.ReadSnapshot(Write(aggregator), Settings)).Total.Count);
    }

    [Fact]
    public void Negative_values_of_a_counter_are_dropped()
    {
        foreach (var kind in new[] { MetricKind.Counter, MetricKind.CumulativeCounter })
        {
            var aggregator = new MetricAggregator(Settings);
            Apply(aggregator, 1, kind, (1, 1), (-1, 2), (3, 3));
            Apply(aggregator, 2, null, (-5, 4));
            Assert.Equal(new AggregatorCounters(2, 0, 0) { Conflicted = 2 }, aggregator.Counters);
            Assert.Equal(kind == MetricKind.Counter ? 4 : 2, Single(aggregator).Total.Sum);
        }
    }

    [Fact]
    public void Only_cumulative_counters_take_room_for_totals()
    {
        int LengthOf(MetricKind? kind)
        {
            var aggregator = new MetricAggregator(Settings);
            Apply(aggregator, 1, kind, (1, 1));
            return Write(aggregator).Length;
        }

        Assert.Equal(LengthOf(null), LengthOf(MetricKind.Gauge));
        Assert.Equal(LengthOf(null), LengthOf(MetricKind.Counter));

        // Less the value, which is an increment of zero and takes no bytes but the code: 1 byte in place of 2.
        Assert.InRange(LengthOf(MetricKind.CumulativeCounter) - LengthOf(null), 8, 24);
    }

    private static void Apply(MetricAggregator aggregator, long position, MetricKind? kind, params (double Value, long Time)[] points) => Apply(aggregator, position, 0, kind, points);

    private static void Apply(MetricAggregator aggregator, long position, long watermark, MetricKind? kind, params (double Value, long Time)[] points) => aggregator.Apply(
        new SliceReader(new TestSlice([.. points.Select(static point => new TestPoint(1, point.Value, point.Time))], [new TestDefinition(1, [])], Kind: kind).ToBytes()), position, watermark);

    private static SeriesAggregates Single(MetricAggregator aggregator) => Assert.Single(aggregator.Query("m", new AggregatesQuery()).Series);

    private static byte[] Write(MetricAggregator aggregator)
    {
        var output = new ArrayBufferWriter<byte>();
        aggregator.WriteSnapshot(output);
        return output.WrittenSpan.ToArray();
    }

    private static string Text(MetricAggregates aggregates) => $"{aggregates.Kind} " + string.Join(
        "\n",
        aggregates.Series.Select(static series => $"{string.Join(',', series.Tags)} {series.Total} {string.Join("; ", series.Windows.Select(static w => $"{w} {string.Join(',', w.Quantiles)}"))}")
            .Order(StringComparer.Ordinal));
}
