using System.Runtime.CompilerServices;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Series;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.Tests.Aggregation;

/// <summary>Alone, because the whole process is weighed.</summary>
[CollectionDefinition(nameof(SeriesMemoryTests), DisableParallelization = true)]
[Collection(nameof(SeriesMemoryTests))]
public sealed class SeriesMemoryTests
{
    private const int Series = 30_000;
    private const int Size = 10_000;

    [Theory]
    [InlineData(1, 400)]
    [InlineData(10, 700)]
    [InlineData(60, 700)]
    public void A_series_with_six_final_and_two_open_windows_is_small(int pointsPerWindow, int mostBytes)
    {
        var held = new MetricAggregator?[1];
        var load = Fill(held, pointsPerWindow);
        var with = GC.GetTotalMemory(forceFullCollection: true);
        held[0] = null;

        // Weighed by what goes with it: pools may let go of their buffers while it is built.
        var bytes = (with - GC.GetTotalMemory(forceFullCollection: true)) / Series;
        GC.KeepAlive(load);
        Assert.InRange(bytes, 100, mostBytes);
    }

    [Fact]
    public void A_metric_of_one_series_is_small()
    {
        const int Metrics = 2_000;
        var held = new MetricAggregator?[Metrics];
        FillOneEach(held);
        var with = GC.GetTotalMemory(forceFullCollection: true);
        Array.Clear(held);
        var bytes = (with - GC.GetTotalMemory(forceFullCollection: true)) / Metrics;
        Assert.InRange(bytes, 500, 6_000);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void FillOneEach(MetricAggregator?[] held)
    {
        for (var metric = 0; metric < held.Length; metric++)
        {
            var id = IdOf(metric);
            var aggregator = held[metric] = new MetricAggregator(AggregatorRun.CreateSettings(Size, Size, 6));
            for (var window = 1; window <= 20; window++)
            {
                TestPoint[] points = [.. Enumerable.Range(0, 4).Select(at => new TestPoint(id, 10 + at, ((long)window * Size) + at))];
                var slice = new TestSlice(points, window == 1 ? [new TestDefinition(id, KeyOf(metric))] : []).ToBytes();
                aggregator.Apply(new SliceReader(slice), window, (long)window * Size + 5_000);
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static byte[] Fill(MetricAggregator?[] held, int pointsPerWindow)
    {
        var random = new Random(3);
        var points = Enumerable.Range(0, Series * pointsPerWindow)
            .Select(at => new TestPoint(IdOf(at % Series), (10 + at % Series % 977) * (0.9 + 0.2 * random.NextDouble()), random.Next(Size))).ToArray();
        points[0] = points[0] with { Time = 0 };
        var definitions = new TestSlice([], [.. Enumerable.Range(0, Series).Select(static i => new TestDefinition(IdOf(i), KeyOf(i)))]).ToBytes();
        var slice = new TestSlice(points, []).ToBytes();
        var aggregator = new MetricAggregator(AggregatorRun.CreateSettings(Size, Size, 6));
        aggregator.Apply(new SliceReader(definitions), 1, 0);
        for (var window = 1; window <= 20; window++)
        {
            System.Buffers.Binary.BinaryPrimitives.WriteInt64LittleEndian(slice.AsSpan(24), (long)window * Size);
            aggregator.Apply(new SliceReader(slice), window + 1, (long)window * Size + 5_000);
        }

        Assert.Equal(20L * Series * pointsPerWindow, aggregator.Counters.Processed);
        held[0] = aggregator;
        return slice;
    }

    private static byte[] KeyOf(int series) => SeriesKey.Encode([new Tag("host", $"host-{series:d6}"), new Tag("region", $"eu-{series % 7}")]);

    private static ulong IdOf(int series) => (ulong)(series + 1) * 0x9E3779B97F4A7C15;
}
