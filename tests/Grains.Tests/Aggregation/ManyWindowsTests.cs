using System.Buffers;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.Tests.Aggregation;

/// <summary>More series than are closed in one call, and than a core's caches hold.</summary>
public sealed class ManyWindowsTests
{
    private const int Series = 20_000;

    [Fact]
    public void Windows_that_are_not_closed_yet_are_final_all_the_same()
    {
        var sink = new Sink();
        var aggregator = new MetricAggregator(AggregatorRun.CreateSettings(10, 0, 2)) { FinalWindows = sink };
        aggregator.Apply(new SliceReader(SliceOfAll(5)), 1, 0);
        aggregator.AdvanceWatermark(10);

        // One call does not close them all.
        Assert.InRange(sink.Told.Count, 1, Series - 1);
        Assert.Equal(11, aggregator.NextCloseAt);
        Assert.All(All(aggregator), static series => Assert.True(Assert.Single(series.Windows).Final));
        var before = Write(aggregator);
        aggregator.Apply(new SliceReader(new TestSlice([new TestPoint(IdOf(Series - 1), 1, 5)], []).ToBytes()), 2, 10);
        Assert.Equal(new AggregatorCounters(Series, 1, 0), aggregator.Counters);

        Close(aggregator);
        Assert.Equal(Enumerable.Range(0, Series), sink.Told.Order());

        // But for position, watermark and the late point the state is what it was.
        Assert.Equal(before.Length, Write(aggregator).Length);
        Assert.Equal(before[30..^4], Write(aggregator)[30..^4]);
    }

    [Fact]
    public void Windows_that_wait_to_be_told_are_not_thrown_out()
    {
        var sink = new Sink();
        var aggregator = new MetricAggregator(AggregatorRun.CreateSettings(10, 0, 1)) { FinalWindows = sink };
        for (var window = 0; window < 7; window++)
        {
            // All become final with the last slice, which also makes their series pack one more and want the room of old ones.
            aggregator.Apply(new SliceReader(SliceOfAll(window * 10 + 5, 4)), window + 1, window == 6 ? 60 : 0);
        }

        Assert.Equal(61, aggregator.NextCloseAt);
        Close(aggregator);
        var told = sink.Told.GroupBy(static series => series).ToList();
        Assert.Equal(Series / 4, told.Count);
        Assert.All(told, static series => Assert.Equal(7, series.Count()));
        Assert.All(All(aggregator), static series => Assert.Single(series.Windows));
    }

    [Fact]
    public void A_snapshot_between_two_calls_that_close_windows_changes_nothing()
    {
        var settings = AggregatorRun.CreateSettings(10, 0, 2);
        var whole = new MetricAggregator(settings);
        var split = new MetricAggregator(settings);
        for (var window = 0; window < 6; window++)
        {
            // Every third series misses every other window, and closing never catches up with a call per window.
            var slice = SliceOfAll(window * 10 + 5, window % 2 == 0 ? 1 : 3);
            whole.Apply(new SliceReader(slice), window + 1, window * 10);
            split.Apply(new SliceReader(slice), window + 1, window * 10);
            whole.AdvanceWatermark(window * 10 + 9);
            split.AdvanceWatermark(window * 10 + 9);
            split = MetricAggregator.ReadSnapshot(Write(split), settings);
            Assert.Equal(Write(whole), Write(split));
        }

        whole.AdvanceWatermark(1_000);
        split.AdvanceWatermark(1_000);
        Assert.Equal(Write(whole), Write(split));
        Assert.All(All(whole), static series => Assert.Equal(2, series.Windows.Length));
    }

    [Fact]
    public void Points_end_in_the_same_state_one_by_one_and_together()
    {
        var random = new Random(11);
        var settings = AggregatorRun.CreateSettings(100, 50, 2);
        var together = new MetricAggregator(settings);
        var single = new MetricAggregator(settings);
        long position = 0, watermark = 0;
        for (var slice = 0; slice < 40; slice++)
        {
            watermark += random.Next(40);
            var points = Enumerable.Range(0, 1_000).Select(_ => new TestPoint(
                IdOf(random.Next(3) > 0 ? random.Next(50) : random.Next(5_000)), Value(random), watermark + random.Next(-80, 30))).ToArray();
            var definitions = points.Select(static point => point.Id).Distinct().Select(static id => new TestDefinition(id, AggregatorRun.KeyOf((int)(id >> 32) % 100_000))).ToArray();
            new AggregatorStep(++position, watermark, new TestSlice([], definitions)).ApplyTo(single);
            foreach (var point in points)
            {
                new AggregatorStep(++position, watermark, new TestSlice([point], [])).ApplyTo(single);
            }

            new AggregatorStep(position, watermark, new TestSlice(points, definitions)).ApplyTo(together);
            Assert.Equal(Write(single), Write(together));
        }

        Assert.True(together.Counters.Late > 1_000 && together.SeriesCount > 2_500);
    }

    [Theory]
    [InlineData(9)]
    [InlineData(60)]
    [InlineData(2_000)]
    [InlineData(70_000)]
    public void A_window_of_any_values_has_the_quantiles_of_their_sketch(int count)
    {
        var random = new Random(count);
        var settings = AggregatorRun.CreateSettings(1_000, 0, 1);
        for (var kind = 0; kind < 7; kind++)
        {
            var values = Enumerable.Range(0, count).Select(_ => ValueOf(kind, random)).ToArray();
            var aggregator = new MetricAggregator(settings);
            var sketch = new ExponentialHistogram();
            var position = 0L;
            foreach (var part in values.Chunk(Math.Max(4, count / 5)))
            {
                new AggregatorStep(++position, 0, new TestSlice([.. part.Select(static value => new TestPoint(1, value, 5))], [new TestDefinition(1, [])])).ApplyTo(aggregator);
                Array.ForEach(part, sketch.Add);
                aggregator = position % 2 == 0 ? MetricAggregator.ReadSnapshot(Write(aggregator), settings) : aggregator;
                var window = Assert.Single(Assert.Single(All(aggregator)).Windows);
                Assert.Equal(sketch.Count, window.Count);
                Assert.All(window.Quantiles, quantile => Assert.Equal(sketch.Quantile(quantile.Probability, window.Min, window.Max), quantile.Value));
            }
        }
    }

    private static void Close(MetricAggregator aggregator)
    {
        for (var watermark = aggregator.NextCloseAt; watermark != long.MaxValue; watermark = aggregator.NextCloseAt)
        {
            Assert.True(watermark < 1_000, "closing does not end");
            aggregator.AdvanceWatermark(watermark);
        }
    }

    private static double ValueOf(int kind, Random random) => kind switch
    {
        0 => random.NextDouble() * 100,
        1 => 42,
        2 => random.Next(-3, 4),
        3 => Math.ScaleB(1 + random.NextDouble(), random.Next(-1000, 1000)) * (random.Next(3) - 1),
        4 => -Math.Exp(random.NextDouble() * 10),
        5 => 0,
        _ => Math.ScaleB(1 + random.NextDouble(), random.Next(-40, 40)),
    };

    private static double Value(Random random) => random.Next(4) switch
    {
        0 => random.Next(-5, 6),
        1 => random.NextDouble() * 1e6,
        _ => 10 + random.NextDouble(),
    };

    /// <summary>Spread like the hashes that identities are, with the number of the series to be seen.</summary>
    private static ulong IdOf(int series) => ((ulong)series << 32) | (uint)(series * 0x9E3779B1);

    private static byte[] SliceOfAll(long time, int step = 1)
    {
        var points = Enumerable.Range(0, Series / step).Select(i => new TestPoint(IdOf(i * step), i, time)).ToArray();
        return new TestSlice(points, [.. points.Select(static point => new TestDefinition(point.Id, AggregatorRun.KeyOf((int)(point.Id >> 32))))]).ToBytes();
    }

    private static SeriesAggregates[] All(MetricAggregator aggregator)
    {
        var all = new List<SeriesAggregates>();
        for (string? after = null; ;)
        {
            var page = aggregator.Query("m", new AggregatesQuery { After = after, Limit = AggregatesQuery.MaxLimit });
            all.AddRange(page.Series);
            if ((after = page.Next) is null)
            {
                return [.. all];
            }
        }
    }

    private static byte[] Write(MetricAggregator aggregator)
    {
        var output = new ArrayBufferWriter<byte>();
        aggregator.WriteSnapshot(output);
        return output.WrittenSpan.ToArray();
    }

    private sealed class Sink : IFinalWindowSink
    {
        public List<int> Told { get; } = [];

        public void WindowFinal(SeriesAggregates series) => Told.Add(int.Parse(series.Tags.Single(static tag => tag.Name == "host").Value));
    }
}
