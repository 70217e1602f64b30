using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.Tests.Aggregation;

public sealed class AllocationTests
{
    [Theory]
    [InlineData(100, 1)]
    [InlineData(100, 5)]
    [InlineData(100, 20)]
    [InlineData(6_000, 2)]
    [InlineData(60_000, 1)]
    [InlineData(100, 20, MetricKind.Counter)]
    [InlineData(100, 20, MetricKind.CumulativeCounter)]
    [InlineData(6_000, 2, MetricKind.CumulativeCounter)]
    public void Windows_that_come_and_go_allocate_nothing_per_point(int series, int pointsPerWindow, MetricKind? kind = null)
    {
        const int Size = 1_000;
        var aggregator = new MetricAggregator(AggregatorRun.CreateSettings(Size, 500, 2));
        var random = new Random(7);
        var windows = new byte[8][];
        for (var i = 0; i < windows.Length; i++)
        {
            // The offsets of all slices are the same window; the base time is moved on in place.
            var points = Enumerable.Range(0, series * pointsPerWindow)
                .Select(at => new TestPoint(IdOf(at % series), random.Next(1, 1_000), random.Next(Size))).ToArray();
            points[0] = points[0] with { Time = 0 };
            windows[i] = new TestSlice(points, [.. Enumerable.Range(0, series).Select(static at => new TestDefinition(IdOf(at), AggregatorRun.KeyOf(at)))], Kind: kind).ToBytes();
        }

        for (var window = 0; window < 160; window++)
        {
            Apply(aggregator, windows, window, Size);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var window = 160; window < 200; window++)
        {
            Apply(aggregator, windows, window, Size);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(200L * series * pointsPerWindow, aggregator.Counters.Processed);
    }

    [Fact]
    public void Cleared_sketches_take_values_without_allocating()
    {
        var sketch = new ExponentialHistogram();
        for (var round = 0; round < 3; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            sketch.Clear();
            for (var i = 0; i < 1_000; i++)
            {
                sketch.Add(Math.ScaleB(1 + i % 7, i % 40) * (i % 3 - 1));
            }

            var other = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(round == 0 || other == 0, $"{other} bytes in round {round}");
        }
    }

    /// <summary>Spread like the hashes that identities are.</summary>
    private static ulong IdOf(int series) => (ulong)(series + 1) * 0x9E3779B97F4A7C15;

    private static void Apply(MetricAggregator aggregator, byte[][] windows, int window, int size)
    {
        var bytes = windows[window % windows.Length];
        System.Buffers.Binary.BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(24), (long)window * size);
        aggregator.Apply(new SliceReader(bytes), window + 1, ((long)window * size) + 100);
    }
}
