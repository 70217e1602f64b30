using System.Buffers;
using System.Globalization;
using CsCheck;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Series;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.Tests.Aggregation;

public sealed class MetricAggregatorProperties
{
    private static readonly WindowSettings Settings = new(SliceStreams.WindowSize, 150, 3, [0, 0.5, 0.95, 1]);

    [Fact]
    public void The_aggregator_equals_the_naive_reference()
    {
        long late = 0, collided = 0, finals = 0, dropped = 0, sketched = 0, beforeEpoch = 0, undefined = 0;
        SliceStreams.Streams.Sample(
            slices =>
            {
                var aggregator = new MetricAggregator(Settings);
                var reference = new ReferenceAggregator(Settings);
                var position = 0L;
                foreach (var slice in slices)
                {
                    Apply(aggregator, slice, ++position);
                    reference.Apply(slice);
                    Assert.Equal(reference.NextCloseAt, aggregator.NextCloseAt);
                }

                Assert.Equal(new AggregatorCounters(reference.Processed, reference.Late, reference.Collided), aggregator.Counters);
                Assert.Equal(reference.Order.Count, aggregator.SeriesCount);
                Assert.Equal(position, aggregator.Position);
                var known = reference.Order.Where(id => reference.KeyOf(id) is not null).ToList();
                var page = aggregator.Query(Slices.Metric, new AggregatesQuery { Limit = 1_000 });
                Assert.Equal(known.Count, page.Series.Length);
                Assert.Null(page.Next);
                for (var i = 0; i < known.Count; i++)
                {
                    AssertSeries(reference, known[i], page.Series[i]);
                    Add(ref finals, page.Series[i].Windows.Count(window => window.Final));
                    Add(ref sketched, page.Series[i].Windows.Count(window => window.Count > Window.MaxValues));
                    Add(ref beforeEpoch, page.Series[i].Windows.Count(window => window.Start < DateTimeOffset.UnixEpoch));
                    Add(ref dropped, page.Series[i].Total.Count - page.Series[i].Windows.Sum(window => window.Count));
                }

                Add(ref late, reference.Late);
                Add(ref collided, reference.Collided);
                Add(ref undefined, reference.Order.Count - known.Count);
            },
            iter: 400);
        Assert.All([late, collided, finals, dropped, sketched, beforeEpoch, undefined], count => Assert.True(count > 20, $"{count} cases are too few"));
    }

    [Fact]
    public void Snapshot_and_restore_anywhere_change_nothing()
    {
        var nonEmpty = 0L;
        Gen.Select(SliceStreams.Streams, Gen.Int[0, 30]).Sample(
            (slices, cut) =>
            {
                var straight = new MetricAggregator(Settings);
                var restored = new MetricAggregator(Settings);
                for (var i = 0; i < slices.Length; i++)
                {
                    if (i == cut)
                    {
                        var bytes = Snapshot(restored);
                        restored = MetricAggregator.ReadSnapshot(bytes, Settings);
                        Assert.Equal(bytes, Snapshot(restored));
                        Assert.Equal(straight.NextCloseAt, restored.NextCloseAt);
                        Add(ref nonEmpty, straight.SeriesCount);
                    }

                    Apply(straight, slices[i], i + 1);
                    Apply(restored, slices[i], i + 1);
                }

                Assert.Equal(straight.Counters, restored.Counters);
                Assert.Equal((straight.Position, straight.Watermark, straight.Kind), (restored.Position, restored.Watermark, restored.Kind));
                Assert.Equal(Snapshot(straight), Snapshot(restored));
            },
            iter: 300);
        Assert.True(nonEmpty > 100);
    }

    [Fact]
    public void Replay_is_deterministic() =>
        SliceStreams.Streams.Sample(
            slices =>
            {
                var snapshots = new List<byte[]>();
                for (var run = 0; run < 2; run++)
                {
                    var aggregator = new MetricAggregator(Settings);
                    for (var i = 0; i < slices.Length; i++)
                    {
                        Apply(aggregator, slices[i], i + 1);
                    }

                    snapshots.Add(Snapshot(aggregator));
                }

                Assert.Equal(snapshots[0], snapshots[1]);
            },
            iter: 100);

    [Fact]
    public void Every_final_window_is_told_once_as_a_query_shows_it()
    {
        var told = 0L;
        SliceStreams.Streams.Sample(
            slices =>
            {
                var keepAll = Settings with { Retained = 1_000 };
                var aggregator = new MetricAggregator(keepAll);
                var windows = new Dictionary<string, List<WindowAggregate>>();
                aggregator.FinalWindows = series =>
                {
                    var key = string.Join(',', series.Tags);
                    windows.TryAdd(key, []);
                    windows[key].AddRange(series.Windows);
                };

                // All keys are known from the beginning, so that no window is left out.
                var definitions = Enumerable.Range(0, 12).Select(i => new TestDefinition(SliceStreams.IdOf(i), SliceStreams.KeyOf(i))).ToArray();
                Apply(aggregator, new TestSlice(slices[0].Watermark, [], definitions), 1);
                for (var i = 0; i < slices.Length; i++)
                {
                    Apply(aggregator, slices[i], i + 2);
                }

                foreach (var series in aggregator.Query(Slices.Metric, new AggregatesQuery { FinalOnly = true }).Series)
                {
                    var expected = windows.GetValueOrDefault(string.Join(',', series.Tags)) ?? [];
                    Assert.Equal(expected.Select(Describe), series.Windows.Select(Describe));
                    Add(ref told, expected.Count);
                }
            },
            iter: 100);
        Assert.True(told > 100);
    }

    [Fact]
    public void Other_settings_lose_nothing_of_a_snapshot()
    {
        var reopened = 0L;
        Gen.Select(SliceStreams.Streams, Gen.Long[30, 700], Gen.Long[0, 400]).Sample(
            (slices, size, lateness) =>
            {
                var before = new MetricAggregator(Settings with { Retained = 1_000 });
                for (var i = 0; i < slices.Length; i++)
                {
                    Apply(before, slices[i], i + 1);
                }

                var settings = new WindowSettings(size, lateness, 1_000, [0.5]);
                var after = MetricAggregator.ReadSnapshot(Snapshot(before), settings);
                AssertSameWindows(before, after);
                Add(ref reopened, Math.Max(0, FinalWindows(before) - FinalWindows(after)));
                for (var i = 0; i < slices.Length; i++)
                {
                    Apply(after, slices[i], slices.Length + i + 1);
                }

                var again = MetricAggregator.ReadSnapshot(Snapshot(after), settings);
                Assert.Equal(Snapshot(after), Snapshot(again));
                var total = Everything(again).Series.Sum(series => series.Total.Count);
                Assert.Equal(total, Everything(again).Series.Sum(series => series.Windows.Sum(window => window.Count)));
            },
            iter: 150);
        Assert.True(reopened > 10);
    }

    internal static void Apply(MetricAggregator aggregator, TestSlice slice, long position) =>
        aggregator.Apply(new SliceReader(slice.Bytes.Span), position, slice.Watermark);

    internal static byte[] Snapshot(MetricAggregator aggregator)
    {
        var output = new ArrayBufferWriter<byte>();
        aggregator.WriteSnapshot(output);
        return output.WrittenSpan.ToArray();
    }

    private static MetricAggregates Everything(MetricAggregator aggregator) => aggregator.Query(Slices.Metric, new AggregatesQuery { Limit = 1_000 });

    private static int FinalWindows(MetricAggregator aggregator) => Everything(aggregator).Series.Sum(series => series.Windows.Count(window => window.Final));

    private static void AssertSameWindows(MetricAggregator before, MetricAggregator after)
    {
        var (a, b) = (Everything(before), Everything(after));
        Assert.Equal(a.Series.Select(series => series.Total), b.Series.Select(series => series.Total));
        Assert.Equal(
            a.Series.SelectMany(series => series.Windows).Select(window => (window.Start, window.End, window.Count, window.Sum, window.Min, window.Max, window.Last)),
            b.Series.SelectMany(series => series.Windows).Select(window => (window.Start, window.End, window.Count, window.Sum, window.Min, window.Max, window.Last)));
    }

    private static void AssertSeries(ReferenceAggregator reference, ulong id, SeriesAggregates actual)
    {
        Assert.Equal(SeriesKey.Decode(reference.KeyOf(id)), actual.Tags);
        var points = reference.PointsOf(id).ToList();
        Assert.Equal(points.Count, actual.Total.Count);
        AssertNear(points.Sum(point => point.Value), actual.Total.Sum, points);
        Assert.Equal(points.Select(point => point.Value).DefaultIfEmpty().Min(), actual.Total.Min);
        Assert.Equal(points.Select(point => point.Value).DefaultIfEmpty().Max(), actual.Total.Max);
        var windows = reference.WindowsOf(id);
        Assert.Equal(windows.Count, actual.Windows.Length);
        for (var i = 0; i < windows.Count; i++)
        {
            AssertWindow(windows[i].Start, windows[i].Final, windows[i].Points, actual.Windows[i]);
        }
    }

    private static void AssertWindow(long start, bool final, List<TestPoint> points, WindowAggregate actual)
    {
        Assert.Equal(start, actual.Start.ToUnixTimeMilliseconds());
        Assert.Equal(start + Settings.Size, actual.End.ToUnixTimeMilliseconds());
        Assert.Equal(final, actual.Final);
        Assert.Equal(points.Count, actual.Count);
        AssertNear(points.Sum(point => point.Value), actual.Sum, points);
        AssertNear(points.Average(point => point.Value), actual.Mean, points);
        var latest = points.Max(point => point.Time);
        Assert.Equal(latest, actual.LastUpdated.ToUnixTimeMilliseconds());
        Assert.Equal(points.Last(point => point.Time == latest).Value, actual.Last);
        var sorted = points.Select(point => point.Value).Order().ToArray();
        Assert.Equal(sorted[0], actual.Min);
        Assert.Equal(sorted[^1], actual.Max);
        Assert.Equal(Settings.Quantiles, actual.Quantiles.Select(quantile => quantile.Probability));
        var exact = points.Count <= Window.MaxFinalValues || (!final && points.Count <= Window.MaxValues);
        foreach (var (probability, estimate) in actual.Quantiles)
        {
            var value = sorted[ExponentialHistogram.RankOf(probability, sorted.Length) - 1];
            // 1e-30 and 2^40 in one window span 140 powers of two: scale 3, whose buckets are four times as wide.
            var bound = exact ? 0 : 0.0434 * Math.Abs(value);
            Assert.InRange(estimate, value - bound, value + bound);
        }
    }

    // 1e-30 among integers makes sums depend on the order in their last digit.
    private static void AssertNear(double expected, double actual, List<TestPoint> points) =>
        Assert.InRange(actual, expected - Slack(points), expected + Slack(points));

    private static double Slack(List<TestPoint> points) => points.Sum(point => Math.Abs(point.Value)) * 1e-12;

    private static string Describe(WindowAggregate window) => string.Create(
        CultureInfo.InvariantCulture,
        $"{window.Start:O} {window.End:O} {window.Final} {window.Count} {window.Sum} {window.Last} {string.Join(',', window.Quantiles)}");

    private static void Add(ref long counter, long count) => Interlocked.Add(ref counter, count);
}
