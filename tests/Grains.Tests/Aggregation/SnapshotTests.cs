using CsCheck;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.Tests.Aggregation;

public sealed class SnapshotTests
{
    private static readonly WindowSettings Settings = new(SliceStreams.WindowSize, 150, 3, [0.5]);

    [Fact]
    public void A_truncated_or_extended_snapshot_is_refused() =>
        SliceStreams.Streams.Sample(
            slices =>
            {
                var bytes = SnapshotAfter(slices);
                for (var length = 0; length < bytes.Length; length += 1 + (length / 16))
                {
                    AssertRefused(bytes.AsSpan(0, length).ToArray());
                }

                AssertRefused([.. bytes, 0]);
            },
            iter: 50);

    [Fact]
    public void A_snapshot_with_a_flipped_bit_is_refused()
    {
        var flips = 0L;
        Gen.Select(SliceStreams.Streams, Gen.Int[0, int.MaxValue].Array[50]).Sample(
            (slices, places) =>
            {
                var bytes = SnapshotAfter(slices);
                foreach (var place in places)
                {
                    var damaged = bytes.ToArray();
                    damaged[(place / 8) % bytes.Length] ^= (byte)(1 << (place % 8));
                    AssertRefused(damaged);
                    Interlocked.Increment(ref flips);
                }
            },
            iter: 50);
        Assert.True(flips >= 2_500);
    }

    [Fact]
    public void Damage_that_the_checksum_does_not_show_never_ends_in_another_exception()
    {
        var refused = 0L;
        Gen.Select(SliceStreams.Streams, Gen.Int[0, int.MaxValue].Array[20]).Sample(
            (slices, places) =>
            {
                var bytes = SnapshotAfter(slices);
                foreach (var place in places)
                {
                    var damaged = bytes.ToArray();
                    damaged[4 + ((place / 8) % (bytes.Length - 8))] ^= (byte)(1 << (place % 8));
                    System.IO.Hashing.Crc32.Hash(damaged.AsSpan(0, damaged.Length - 4), damaged.AsSpan(damaged.Length - 4));
                    try
                    {
                        MetricAggregator.ReadSnapshot(damaged, Settings);
                    }
                    catch (InvalidDataException)
                    {
                        Interlocked.Increment(ref refused);
                    }
                }
            },
            iter: 50);
        Assert.True(refused > 100, $"{refused}");
    }

    [Fact]
    public void An_unknown_version_is_named()
    {
        var bytes = SnapshotAfter([]);
        bytes[3] = 2;
        var refusal = Assert.Throws<InvalidDataException>(() => MetricAggregator.ReadSnapshot(bytes, Settings));
        Assert.Contains("unknown version 2", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_aggregator_round_trips()
    {
        var restored = MetricAggregator.ReadSnapshot(SnapshotAfter([]), Settings);
        Assert.Equal((0, long.MinValue, 0, long.MaxValue), (restored.Position, restored.Watermark, restored.SeriesCount, restored.NextCloseAt));
    }

    [Fact]
    public void Fewer_retained_windows_move_the_rest_into_the_totals()
    {
        var id = SliceStreams.IdOf(1);
        var aggregator = new MetricAggregator(Settings);
        MetricAggregatorProperties.Apply(
            aggregator,
            new TestSlice(0, [.. Enumerable.Range(0, 5).Select(i => new TestPoint(id, i * 100, i))], [new TestDefinition(id, SliceStreams.KeyOf(1))]),
            1);
        aggregator.AdvanceWatermark(10_000);
        var restored = MetricAggregator.ReadSnapshot(MetricAggregatorProperties.Snapshot(aggregator), Settings with { Retained = 1 });
        var series = Assert.Single(restored.Query(Slices.Metric, new()).Series);
        Assert.Equal(4, Assert.Single(series.Windows).Sum);
        Assert.Equal((5, 10.0, 0.0, 4.0), (series.Total.Count, series.Total.Sum, series.Total.Min, series.Total.Max));
    }

    private static byte[] SnapshotAfter(TestSlice[] slices)
    {
        var aggregator = new MetricAggregator(Settings);
        for (var i = 0; i < slices.Length; i++)
        {
            MetricAggregatorProperties.Apply(aggregator, slices[i], i + 1);
        }

        return MetricAggregatorProperties.Snapshot(aggregator);
    }

    private static void AssertRefused(byte[] bytes) =>
        Assert.Throws<InvalidDataException>(() => MetricAggregator.ReadSnapshot(bytes, Settings));
}
