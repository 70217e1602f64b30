using System.Buffers;
using System.Text.Json;
using CsCheck;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Series;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.Tests.Aggregation;

public sealed class MetricAggregatorTests
{
    private static readonly Tag[][] Filters =
        [[], [], [new Tag("even", "yes")], [new Tag("host", "3"), new Tag("even", "no")], [new Tag("host", "3"), new Tag("even", "yes")], [new Tag("rack", "1")]];

    private static readonly Gen<AggregatesQuery> GenQuery = Gen.Select(
        Gen.Int[0, Filters.Length - 1].Select(static i => Filters[i]),
        Gen.Frequency((2, Gen.Const((long?)null)), (1, Gen.Long[-500, 1_000].Select(static at => (long?)at))),
        Gen.Frequency((2, Gen.Const((long?)null)), (1, Gen.Long[-500, 1_000].Select(static at => (long?)at))),
        Gen.Bool,
        Gen.Int[1, 4],
        static (tags, from, to, final, limit) => new AggregatesQuery { Tags = tags, From = Instant(from), To = Instant(to), FinalOnly = final, Limit = limit });

    [Fact]
    public void An_aggregator_does_what_the_reference_does()
    {
        long processed = 0, late = 0, collided = 0, told = 0, dropped = 0, pages = 0, undefined = 0;
        Gen.Select(AggregatorRun.Any, GenQuery).Sample(
            (run, query) =>
            {
                var sink = new Sink();
                var aggregator = new MetricAggregator(run.Settings) { FinalWindows = sink };
                var reference = new ReferenceAggregator(run.Settings);
                var points = 0L;
                foreach (var step in run.Steps)
                {
                    step.ApplyTo(aggregator);
                    reference.Apply(step);
                    points += step.Slice?.Points.Length ?? 0;
                    Assert.Equal(reference.Counters, aggregator.Counters);
                    Assert.Equal(reference.NextCloseAt, aggregator.NextCloseAt);
                    Assert.Equal(reference.SeriesCount, aggregator.SeriesCount);
                    Assert.Equal(step.Watermark, aggregator.Watermark);
                    AssertSame(reference.Query(new AggregatesQuery()), aggregator.Query("metric", new AggregatesQuery()));
                }

                Assert.Equal(points, aggregator.Counters.Processed + aggregator.Counters.Late + aggregator.Counters.Collided);
                AssertSameTold(reference.Told, sink.Told);
                Interlocked.Add(ref pages, AssertSamePages(reference, aggregator, query));
                Interlocked.Add(ref processed, aggregator.Counters.Processed);
                Interlocked.Add(ref late, aggregator.Counters.Late);
                Interlocked.Add(ref collided, aggregator.Counters.Collided);
                Interlocked.Add(ref told, sink.Told.Count);
                var all = aggregator.Query("metric", new AggregatesQuery()).Series;
                Interlocked.Add(ref dropped, all.Count(series => series.Total.Count > series.Windows.Sum(static window => window.Count)));
                Interlocked.Add(ref undefined, aggregator.SeriesCount - all.Length);
            },
            iter: 1_000);
        Assert.All([processed, late, collided, told, dropped, pages, undefined], static seen => Assert.True(seen > 200, $"a case was generated only {seen} times"));
    }

    [Fact]
    public void An_aggregator_that_is_restored_now_and_then_does_what_the_reference_does()
    {
        int restored = 0, reopened = 0;
        Gen.Select(AggregatorRun.Any, Gen.Frequency((3, Gen.Const(false)), (1, Gen.Const(true))).Array[25]).Sample(
            (run, restarts) =>
            {
                var aggregator = new MetricAggregator(run.Settings);
                var reference = new ReferenceAggregator(run.Settings);
                for (var i = 0; i < run.Steps.Length; i++)
                {
                    run.Steps[i].ApplyTo(aggregator);
                    reference.Apply(run.Steps[i]);
                    if (restarts[i])
                    {
                        var output = new ArrayBufferWriter<byte>();
                        aggregator.WriteSnapshot(output);
                        aggregator = MetricAggregator.ReadSnapshot(output.WrittenSpan, run.Settings);
                        Interlocked.Increment(ref restored);
                        Interlocked.Add(ref reopened, aggregator.NextCloseAt == long.MaxValue ? 0 : 1);
                    }

                    Assert.Equal(reference.Counters, aggregator.Counters);
                    Assert.Equal(reference.NextCloseAt, aggregator.NextCloseAt);
                    AssertSame(reference.Query(new AggregatesQuery()), aggregator.Query("metric", new AggregatesQuery()));
                }
            },
            iter: 1_000);
        Assert.True(restored > 500 && reopened > 200, $"{restored} restored, {reopened} of them with open windows");
    }

    [Fact]
    public void A_point_at_the_start_is_in_the_window_and_one_at_the_end_is_in_the_next()
    {
        var aggregator = Create(10, 0, 3);
        Apply(aggregator, 1, -100, (0, 1, -10), (0, 2, -1), (0, 4, 0), (0, 8, 9), (0, 16, 10));
        Assert.Equal([3, 12, 16], Single(aggregator).Windows.Select(static window => window.Sum));
    }

    [Fact]
    public void A_window_takes_points_until_the_watermark_reaches_its_end_and_lateness()
    {
        var aggregator = Create(10, 5, 3);
        Apply(aggregator, 1, 14, (0, 1, 5));
        Assert.Equal(15, aggregator.NextCloseAt);
        Apply(aggregator, 2, 14, (0, 1, 5));
        Apply(aggregator, 3, 15, (0, 1, 5));
        Assert.Equal(new AggregatorCounters(2, 1, 0), aggregator.Counters);
        Assert.True(Single(aggregator).Windows[0].Final);
        Assert.Equal(long.MaxValue, aggregator.NextCloseAt);
    }

    [Fact]
    public void A_watermark_that_goes_back_reopens_nothing()
    {
        var aggregator = Create(10, 0, 3);
        Apply(aggregator, 1, 0, (0, 1, 5));
        aggregator.AdvanceWatermark(30);
        Apply(aggregator, 2, 3, (0, 1, 5));
        Assert.Equal(30, aggregator.Watermark);
        Assert.Equal(new AggregatorCounters(1, 1, 0), aggregator.Counters);
        Assert.Equal(1, Single(aggregator).Windows[0].Count);
    }

    [Fact]
    public void Of_equal_event_times_the_later_in_the_log_is_the_last()
    {
        var aggregator = Create(10, 0, 3);
        Apply(aggregator, 1, 0, (0, 1, 5), (0, 2, 5), (0, 3, 4));
        Apply(aggregator, 2, 0, (0, 4, 5), (0, 5, 1));
        Assert.Equal(4, Single(aggregator).Windows[0].Last);
    }

    [Fact]
    public void A_position_is_not_applied_twice()
    {
        var aggregator = Create(10, 0, 3);
        Apply(aggregator, 5, 0, (0, 1, 5));
        Assert.Throws<ArgumentOutOfRangeException>(() => Apply(aggregator, 5, 0, (0, 1, 5)));
        Assert.Throws<ArgumentOutOfRangeException>(() => Apply(aggregator, 4, 0, (0, 1, 5)));
        Assert.Equal(5, aggregator.Position);
        Assert.Equal(1, aggregator.Counters.Processed);
    }

    [Fact]
    public void Two_keys_with_one_identity_are_never_merged()
    {
        var aggregator = Create(10, 0, 3);
        Apply(aggregator, 1, 0, (0, 1, 5));
        new AggregatorStep(2, 0, new TestSlice([new TestPoint(AggregatorRun.IdOf(0), 100, 5)], [new TestDefinition(AggregatorRun.IdOf(0), AggregatorRun.KeyOf(77))])).ApplyTo(aggregator);

        // A gateway sends definitions once in a while; the slices between carry the bare identity.
        new AggregatorStep(3, 0, new TestSlice([new TestPoint(AggregatorRun.IdOf(0), 100, 5)], [])).ApplyTo(aggregator);
        Assert.Equal(new AggregatorCounters(1, 0, 2), aggregator.Counters);
        Assert.Equal(1, Single(aggregator).Total.Sum);
    }

    [Fact]
    public void A_final_window_of_a_series_without_tags_known_is_told_to_nobody()
    {
        var sink = new Sink();
        var aggregator = new MetricAggregator(AggregatorRun.CreateSettings(10, 0, 3)) { FinalWindows = sink };
        new AggregatorStep(1, 0, new TestSlice([new TestPoint(1, 1, 5)], [])).ApplyTo(aggregator);
        new AggregatorStep(2, 0, new TestSlice([new TestPoint(2, 1, 5)], [new TestDefinition(2, [])])).ApplyTo(aggregator);
        aggregator.AdvanceWatermark(100);
        Assert.Empty(Assert.Single(sink.Told).Tags);
    }

    [Theory]
    [InlineData(long.MinValue, 0, 1)]
    [InlineData(-100_000_000_000_000, 0, 1)]
    [InlineData(long.MaxValue, 1, 0)]
    [InlineData(300_000_000_000_000, 1, 0)]
    public void Times_beyond_all_calendars_do_not_stop_an_aggregator(long time, long processed, long late)
    {
        var aggregator = Create(10_000, 10_000, 3);
        new AggregatorStep(1, 1_750_000_000_000, new TestSlice([new TestPoint(1, 1, time)], [new TestDefinition(1, [])], Wide: true)).ApplyTo(aggregator);
        Assert.Equal(new AggregatorCounters(processed, late, 0), aggregator.Counters);
        aggregator.AdvanceWatermark(long.MaxValue);
        Assert.All(aggregator.Query("metric", new AggregatesQuery()).Series, static series => Assert.True(series.Windows.Single().Final));
    }

    [Fact]
    public void A_range_of_less_than_a_millisecond_is_compared_exactly()
    {
        var aggregator = Create(10, 0, 3);
        Apply(aggregator, 1, 0, (0, 1, 5), (0, 1, 15));
        var at = DateTimeOffset.FromUnixTimeMilliseconds(10);
        Assert.Equal(1, Windows(aggregator, new AggregatesQuery { To = at }));
        Assert.Equal(2, Windows(aggregator, new AggregatesQuery { To = at.AddTicks(1) }));
        Assert.Equal(1, Windows(aggregator, new AggregatesQuery { From = at }));
        Assert.Equal(2, Windows(aggregator, new AggregatesQuery { From = at.AddTicks(-1) }));
        Assert.Equal(1, Windows(aggregator, new AggregatesQuery { From = at.AddTicks(1) }));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(AggregatesQuery.MaxLimit + 1)]
    public void A_limit_out_of_range_is_an_argument_error(int limit) =>
        Assert.Throws<ArgumentException>(() => Create(10, 0, 1).Query("metric", new AggregatesQuery { Limit = limit }));

    [Theory]
    [InlineData("")]
    [InlineData("nothing")]
    [InlineData("0000000000000009")]
    [InlineData("-1")]
    [InlineData("123456789012345678901234567890")]
    public void A_cursor_of_no_series_is_an_argument_error(string cursor) =>
        Assert.Throws<ArgumentException>(() => Create(10, 0, 1).Query("metric", new AggregatesQuery { After = cursor }));

    [Fact]
    public void Many_series_are_all_found_again()
    {
        var aggregator = Create(10, 0, 1);
        var points = Enumerable.Range(0, 5_000).Select(static i => new TestPoint((ulong)i * 0x9E3779B97F4A7C15, i, 1)).ToArray();
        var definitions = points.Select(static (point, i) => new TestDefinition(point.Id, AggregatorRun.KeyOf(i))).ToArray();
        new AggregatorStep(1, 0, new TestSlice(points, definitions)).ApplyTo(aggregator);
        new AggregatorStep(2, 0, new TestSlice(points, [])).ApplyTo(aggregator);
        Assert.Equal(5_000, aggregator.SeriesCount);
        var seen = 0;
        for (string? after = null; ; )
        {
            var page = aggregator.Query("metric", new AggregatesQuery { After = after, Limit = 777 });
            Assert.All(page.Series, series => Assert.Equal(2.0 * seen++, series.Total.Sum));
            if ((after = page.Next) is null)
            {
                break;
            }
        }

        Assert.Equal(5_000, seen);
    }

    private static MetricAggregator Create(long size, long lateness, int retained) => new(AggregatorRun.CreateSettings(size, lateness, retained));

    private static void Apply(MetricAggregator aggregator, long position, long watermark, params (int Series, double Value, long Time)[] points)
    {
        var definitions = points.Select(static point => point.Series).Distinct().Select(static series => new TestDefinition(AggregatorRun.IdOf(series), AggregatorRun.KeyOf(series)));
        var slice = new TestSlice([.. points.Select(static point => new TestPoint(AggregatorRun.IdOf(point.Series), point.Value, point.Time))], [.. definitions]);
        new AggregatorStep(position, watermark, slice).ApplyTo(aggregator);
    }

    private static SeriesAggregates Single(MetricAggregator aggregator) => Assert.Single(aggregator.Query("metric", new AggregatesQuery()).Series);

    private static int Windows(MetricAggregator aggregator, AggregatesQuery query) => aggregator.Query("metric", query).Series[0].Windows.Length;

    private static DateTimeOffset? Instant(long? time) => time is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null;

    private static int AssertSamePages(ReferenceAggregator reference, MetricAggregator aggregator, AggregatesQuery query)
    {
        for (var pages = 0; ; pages++)
        {
            var page = aggregator.Query("metric", query);
            AssertSame(reference.Query(query), page);
            if (page.Next is null)
            {
                return pages;
            }

            query = query with { After = page.Next };
        }
    }

    private static void AssertSameTold(IEnumerable<SeriesAggregates> expected, IEnumerable<SeriesAggregates> actual) =>
        Assert.Equal(expected.Select(Text).Order(StringComparer.Ordinal), actual.Select(Text).Order(StringComparer.Ordinal));

    private static void AssertSame(MetricAggregates expected, MetricAggregates actual) => Assert.Equal(Text(expected), Text(actual));

    private static string Text<T>(T value) => JsonSerializer.Serialize(value);

    private sealed class Sink : IFinalWindowSink
    {
        public List<SeriesAggregates> Told { get; } = [];

        public void WindowFinal(SeriesAggregates series) => Told.Add(series);
    }
}
