using System.Buffers;
using CsCheck;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.Aggregation;
using OrleansMetrics.Grains.History.Chunks;

namespace OrleansMetrics.Grains.Tests.Aggregation;

public sealed class SeriesExpiryTests
{
    private static readonly Tag[] None = [];

    /// <summary>What is done between two steps, which nobody must be able to tell.</summary>
    private enum Upkeep
    {
        Nothing,
        Remove,
        Restore,
        History,
    }

    [Fact]
    public void Series_expire_and_overflow_as_in_the_reference_whenever_rows_are_removed()
    {
        int expired = 0, cameBack = 0, compacted = 0, overflowed = 0;

        // At the limit series are counted again whenever some can have expired.
        Gen.Select(
            AggregatorRun.Any, Gen.OneOf(Gen.Const(40L), Gen.Const(150L), Gen.Const(255L)), Gen.Int[0, 3].Select(static i => (Upkeep)i).Array[25], Gen.OneOf(Gen.Const(int.MaxValue), Gen.Int[1, 4])).Sample(
            (run, expiry, upkeep, limit) =>
            {
                var settings = run.Settings with { Series = new SeriesLimits(expiry, limit) };
                var aggregator = new MetricAggregator(settings);
                var reference = new ReferenceAggregator(settings);
                var before = new HashSet<string>();
                var gone = new HashSet<string>();
                for (var i = 0; i < run.Steps.Length; i++)
                {
                    run.Steps[i].ApplyTo(aggregator);
                    reference.Apply(run.Steps[i]);
                    var rows = aggregator.SeriesCount;
                    aggregator = Keep(aggregator, settings, upkeep[i]);
                    Interlocked.Add(ref compacted, aggregator.SeriesCount < rows ? 1 : 0);
                    Assert.Equal(reference.Counters, aggregator.Counters);
                    var expected = Text(reference.Query(new AggregatesQuery()));
                    Assert.Equal(expected, Text(aggregator.Query("metric", new AggregatesQuery())));
                    if (upkeep[i] is Upkeep.Remove or Upkeep.Restore)
                    {
                        Assert.InRange(aggregator.SeriesCount, reference.SeriesCount, reference.SeriesCount + (upkeep[i] == Upkeep.Remove ? 0 : 6));
                    }

                    var now = reference.Query(new AggregatesQuery()).Series.Select(static series => string.Join(',', series.Tags)).ToHashSet();
                    var left = before.Except(now).ToList();
                    Interlocked.Add(ref expired, left.Count);
                    Interlocked.Add(ref cameBack, now.Count(gone.Contains));
                    gone.UnionWith(left);
                    gone.ExceptWith(now);
                    before = now;
                }

                Interlocked.Add(ref overflowed, (int)aggregator.Counters.Overflowed);
            },
            iter: 3_000);
        Assert.All([expired, cameBack, compacted, overflowed], static seen => Assert.True(seen > 200, $"a case was generated only {seen} times"));
    }

    [Fact]
    public void A_series_expires_when_all_windows_are_final_that_end_so_long_after_it_was_seen()
    {
        var aggregator = Create(expiry: 100, lateness: 5);
        Apply(aggregator, 1, 12, (0, 7, 3));
        aggregator.AdvanceWatermark(116);
        Assert.Equal(7, Assert.Single(Query(aggregator)).Total.Sum);
        aggregator.AdvanceWatermark(117);
        Assert.Empty(Query(aggregator));
    }

    [Fact]
    public void A_series_that_comes_back_starts_anew_and_the_counters_go_on()
    {
        var aggregator = Create(expiry: 100);
        Apply(aggregator, 1, 0, (0, 7, 3), (1, 1, 3));
        Apply(aggregator, 2, 90, (1, 1, 93));
        Apply(aggregator, 3, 150, (0, 5, 155));
        var series = Query(aggregator);
        Assert.Equal([1L, 2], series.Select(static one => one.Total.Count).Order());
        var back = series.Single(static one => one.Total.Count == 1);
        Assert.Equal((5, 5, 5), (back.Total.Sum, back.Total.Min, back.Total.Max));
        Assert.Equal(1, Assert.Single(back.Windows).Count);
        Assert.Equal(new AggregatorCounters(4, 0, 0), aggregator.Counters);
    }

    [Fact]
    public void A_collision_is_forgotten_with_the_series_and_not_while_its_points_come()
    {
        var aggregator = Create(expiry: 100);
        Step(1, 0, [new TestPoint(1, 1, 5)], [new TestDefinition(1, AggregatorRun.KeyOf(1)), new TestDefinition(1, AggregatorRun.KeyOf(2))]).ApplyTo(aggregator);
        for (var at = 50; at <= 500; at += 50)
        {
            Step(1 + at, at, [new TestPoint(1, 1, at)], []).ApplyTo(aggregator);
        }

        Assert.Equal(new AggregatorCounters(0, 0, 11), aggregator.Counters);
        Step(1_000, 700, [new TestPoint(1, 1, 700)], [new TestDefinition(1, AggregatorRun.KeyOf(2))]).ApplyTo(aggregator);
        Assert.Equal(new AggregatorCounters(1, 0, 11), aggregator.Counters);
        Assert.Equal("2", Assert.Single(Query(aggregator)).Tags[1].Value);
    }

    [Fact]
    public void Windows_that_history_lacks_outlive_their_series()
    {
        var aggregator = Create(expiry: 100);
        aggregator.KeptAfter = long.MinValue;
        Apply(aggregator, 1, 0, (0, 7, 3), (1, 2, 3));
        aggregator.AdvanceWatermark(500);
        aggregator.RemoveExpired();
        aggregator = Restore(aggregator, aggregator.KeptAfter);
        Assert.Empty(Query(aggregator));
        Assert.Equal(2, aggregator.WriteRows(long.MinValue, 400).Windows);

        // One comes back: history gets the windows of both lives.
        Apply(aggregator, 2, 500, (0, 9, 505));
        aggregator = Restore(aggregator, aggregator.KeptAfter);
        aggregator.AdvanceWatermark(520);
        Assert.Equal(1, Assert.Single(Query(aggregator)).Total.Count);
        Assert.Single(Query(aggregator)[0].Windows);
        var chunk = Chunk.Parse(aggregator.WriteRows(long.MinValue, 510).Bytes);
        Assert.Equal(3, aggregator.WriteRows(long.MinValue, 510).Windows);
        Assert.Equal(2, chunk.Series.Count);

        aggregator.KeptAfter = 510;
        aggregator.AdvanceWatermark(700);
        aggregator.RemoveExpired();
        Assert.Equal((0, long.MaxValue), (aggregator.SeriesCount, aggregator.NextCloseAt));
        Assert.InRange(Write(aggregator).Length, 0, 64);
    }

    [Fact]
    public void A_silent_metric_is_looked_through_a_few_times_and_then_no_more()
    {
        var aggregator = Create(expiry: 1_000);
        for (var series = 0; series < 500; series++)
        {
            Apply(aggregator, series + 1, series * 2, (series, 1, series * 2));
        }

        var looks = 0;
        while (aggregator.NextCloseAt < long.MaxValue)
        {
            aggregator.AdvanceWatermark(aggregator.NextCloseAt);
            if (aggregator.NextCloseAt is long.MaxValue or > 1_020)
            {
                looks++;
                aggregator.RemoveExpired();
            }

            Assert.True(aggregator.Watermark < 2_200, "it should be over");
        }

        Assert.InRange(looks, 2, 130);
        Assert.Equal(0, aggregator.SeriesCount);
    }

    [Fact]
    public void Rows_taken_out_leave_their_memory_and_the_others_as_they_were()
    {
        var (aggregator, other) = (Create(expiry: 10_000), Create(expiry: long.MaxValue));
        var random = new Random(1);
        for (var position = 1; position < 400; position++)
        {
            // Each series lives for a while; there are some hundred at a time.
            var points = Enumerable.Range(0, 100).Select(_ => ((position / 10 * 20) + random.Next(200), (double)random.Next(100), position * 200 + random.Next(300))).ToArray();
            Apply(aggregator, position, position * 200, points);
            Apply(other, position, position * 200, points);
            if (position % 10 == 0)
            {
                aggregator.RemoveExpired();
            }
        }

        var (now, all) = (Query(aggregator), Query(other));
        Assert.InRange(now.Length, 200, 400);
        Assert.True(all.Length > now.Length + 500);
        var byTags = all.ToDictionary(static series => series.Tags[1].Value);
        Assert.All(now, series =>
        {
            Assert.Equal(byTags[series.Tags[1].Value].Total, series.Total);
            Assert.Equal(
                byTags[series.Tags[1].Value].Windows.Where(static window => window.End.ToUnixTimeMilliseconds() > 399 * 200 - 10_000).Select(static window => window.Sum),
                series.Windows.Select(static window => window.Sum));
        });
        Assert.InRange(aggregator.SeriesCount, now.Length, now.Length * 4 / 3 + 1);
    }

    private static MetricAggregator Keep(MetricAggregator aggregator, WindowSettings settings, Upkeep upkeep)
    {
        switch (upkeep)
        {
            case Upkeep.Remove:
                aggregator.RemoveExpired();
                return aggregator;
            case Upkeep.Restore:
                var restored = MetricAggregator.ReadSnapshot(Write(aggregator), settings);
                restored.KeptAfter = aggregator.KeptAfter;
                restored.CorrectionsKeptAfter = aggregator.CorrectionsKeptAfter;
                return restored;
            case Upkeep.History:
                // As after a chunk was written; until then nothing is.
                aggregator.CorrectionsKeptAfter = aggregator.KeptAfter == long.MaxValue ? long.MinValue : aggregator.SettledThrough;
                aggregator.KeptAfter = aggregator.KeptAfter == long.MaxValue ? long.MinValue : aggregator.FinalThrough;
                return aggregator;
            default:
                return aggregator;
        }
    }

    private static MetricAggregator Restore(MetricAggregator aggregator, long keptAfter)
    {
        var restored = MetricAggregator.ReadSnapshot(Write(aggregator), Settings(100, 0));
        restored.KeptAfter = keptAfter;
        return restored;
    }

    private static WindowSettings Settings(long expiry, long lateness) => AggregatorRun.CreateSettings(10, lateness, 3) with { Series = new SeriesLimits(expiry) };

    private static MetricAggregator Create(long expiry, long lateness = 0) => new(Settings(expiry, lateness));

    private static AggregatorStep Step(long position, long watermark, TestPoint[] points, TestDefinition[] definitions) => new(position, watermark, new TestSlice(points, definitions));

    private static void Apply(MetricAggregator aggregator, long position, long watermark, params (int Series, double Value, int Time)[] points) => Step(
        position, watermark, [.. points.Select(static point => new TestPoint(AggregatorRun.IdOf(point.Series), point.Value, point.Time))],
        [.. points.Select(static point => point.Series).Distinct().Select(static series => new TestDefinition(AggregatorRun.IdOf(series), AggregatorRun.KeyOf(series)))]).ApplyTo(aggregator);

    private static SeriesAggregates[] Query(MetricAggregator aggregator) => aggregator.Query("m", new AggregatesQuery { Tags = None, Limit = AggregatesQuery.MaxLimit }).Series;

    /// <summary>In no order: a series that comes back may take its old row.</summary>
    private static string[] Text(MetricAggregates aggregates) =>
        [.. aggregates.Series.Select(static series => System.Text.Json.JsonSerializer.Serialize(series)).Order(StringComparer.Ordinal)];

    private static byte[] Write(MetricAggregator aggregator)
    {
        var output = new ArrayBufferWriter<byte>();
        aggregator.WriteSnapshot(output);
        return output.WrittenSpan.ToArray();
    }
}
