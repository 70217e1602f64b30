using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text.Json;
using System.Text.Json.Serialization;
using CsCheck;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.Tests.Aggregation;

public sealed class MetricAggregatorSnapshotTests
{
    private const int HeaderLength = 4;
    private const int TrailerLength = 4;

    private static readonly JsonSerializerOptions JsonOptions = new()
    {
        IncludeFields = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    [Fact]
    public void A_run_split_by_a_restart_anywhere_ends_in_the_same_bytes()
    {
        int open = 0, sketches = 0, collisions = 0;
        Gen.Select(AggregatorRun.Any, Gen.Int[0, 24]).Sample(
            (run, at) =>
            {
                var whole = new MetricAggregator(run.Settings);
                var split = new MetricAggregator(run.Settings);
                for (var i = 0; i < run.Steps.Length; i++)
                {
                    if (i == at % run.Steps.Length)
                    {
                        var bytes = Write(split);
                        split = MetricAggregator.ReadSnapshot(bytes, run.Settings);
                        Assert.Equal(bytes, Write(split));
                        Assert.Equal(Write(whole), bytes);
                        Interlocked.Add(ref open, split.NextCloseAt == long.MaxValue ? 0 : 1);
                    }

                    run.Steps[i].ApplyTo(whole);
                    run.Steps[i].ApplyTo(split);
                    Assert.Equal(whole.NextCloseAt, split.NextCloseAt);
                    Assert.Equal(whole.Counters, split.Counters);
                }

                Assert.Equal(Write(whole), Write(split));
                Assert.Equal(Text(whole), Text(split));
                Interlocked.Add(ref collisions, whole.Counters.Collided > 0 ? 1 : 0);
                Interlocked.Add(ref sketches, whole.Query("m", new AggregatesQuery()).Series.Any(static series => series.Windows.Any(static window => window.Count > 8)) ? 1 : 0);
            },
            iter: 1_000);
        Assert.All([open, sketches, collisions], static seen => Assert.True(seen > 50, $"a case was generated only {seen} times"));
    }

    [Fact]
    public void An_aggregator_that_has_seen_nothing_is_read_back()
    {
        var settings = AggregatorRun.CreateSettings(10, 0, 1);
        var read = MetricAggregator.ReadSnapshot(Write(new MetricAggregator(settings)), settings);
        Assert.Equal((0, long.MinValue, long.MaxValue, 0), (read.Position, read.Watermark, read.NextCloseAt, read.SeriesCount));
    }

    // The room for a snapshot is guessed: from the series at first, later from the snapshot before.
    [Fact]
    public void The_first_snapshot_of_many_series_with_many_bytes_is_read_back()
    {
        var settings = AggregatorRun.CreateSettings(1_000, 10_000, 6);
        for (var series = 700; series < 720; series++)
        {
            var aggregator = new MetricAggregator(settings);
            var points = Enumerable.Range(0, series * 20).Select(i => new TestPoint((ulong)(i % series) + 1, i * 1.1, i / series * 300)).ToArray();
            aggregator.Apply(new SliceReader(new TestSlice(points, []).ToBytes()), 1, 1_000);
            var first = Write(aggregator);
            Assert.True(first.Length > 200 * series, "no more than was guessed");
            Assert.Equal(Write(aggregator), first);
            Assert.Equal(first, Write(MetricAggregator.ReadSnapshot(first, settings)));
        }
    }

    [Fact]
    public void A_truncated_or_extended_snapshot_is_invalid_data() => AggregatorRun.Any.Sample(
        static run =>
        {
            var bytes = Write(Run(run));
            for (var length = 0; length < bytes.Length; length++)
            {
                AssertInvalid(bytes[..length], run.Settings);
            }

            AssertInvalid([.. bytes, 0], run.Settings);
        },
        iter: 30);

    [Fact]
    public void A_snapshot_with_a_flipped_bit_is_invalid_data() => AggregatorRun.Any.Sample(
        static run =>
        {
            var bytes = Write(Run(run));
            for (var bit = 0; bit < bytes.Length * 8; bit++)
            {
                bytes[bit / 8] ^= (byte)(1 << (bit % 8));
                AssertInvalid(bytes, run.Settings);
                bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            }
        },
        iter: 10);

    [Fact]
    public void A_truncated_body_under_a_correct_checksum_is_invalid_data() => AggregatorRun.Any.Sample(
        static run =>
        {
            var body = Write(Run(run))[HeaderLength..^TrailerLength];
            for (var length = 0; length < body.Length; length++)
            {
                AssertInvalid(Sealed(body[..length]), run.Settings);
            }
        },
        iter: 30);

    [Fact]
    public void A_damaged_body_under_a_correct_checksum_is_invalid_data_or_a_usable_aggregator()
    {
        int read = 0, refused = 0;
        Gen.Select(AggregatorRun.Any, Gen.Select(Gen.Int, Gen.Frequency((2, Gen.Byte), (1, Gen.Const((byte)0xFF)), (1, Gen.Const((byte)0)))).Array[1, 4]).Sample(
            (run, damage) =>
            {
                var body = Write(Run(run))[HeaderLength..^TrailerLength];
                foreach (var (at, value) in damage)
                {
                    body[(uint)at % body.Length] = value;
                }

                Interlocked.Increment(ref Usable(Sealed(body), run.Settings) ? ref read : ref refused);
            },
            iter: 4_000);
        Assert.True(read > 200 && refused > 200, $"{read} read, {refused} refused");
    }

    [Fact]
    public void Random_bodies_under_a_correct_checksum_are_invalid_data_or_a_usable_aggregator()
    {
        int read = 0, refused = 0;
        var settings = AggregatorRun.CreateSettings(10, 5, 2);

        // Low bytes are small counts, so that the reader gets far.
        Gen.Frequency((6, Gen.Byte[0, 3]), (1, Gen.Byte[0, 20]), (1, Gen.Byte)).Array[0, 200].Sample(
            body => Interlocked.Increment(ref Usable(Sealed(body), settings) ? ref read : ref refused), iter: 50_000);
        Gen.Byte.Array[0, 200].Sample(body => Interlocked.Increment(ref Usable(Sealed(body), settings) ? ref read : ref refused), iter: 4_000);
        Assert.True(refused > 1_000, $"{read} read, {refused} refused");
    }

    [Fact]
    public void A_restart_with_another_window_size_keeps_old_windows_and_loses_no_point()
    {
        var changed = 0;
        Gen.Select(AggregatorRun.Any, AggregatorRun.AnySettings, Gen.Int[1, 24]).Sample(
            (run, other, at) =>
            {
                // Late points of windows that are not retained are shown as soon as more are.
                var settings = run.Settings.CorrectFor > 0 ? other with { Retained = run.Settings.Retained } : other;
                var split = Math.Min(at, run.Steps.Length);
                var before = new MetricAggregator(run.Settings);
                Array.ForEach(run.Steps[..split], step => step.ApplyTo(before));
                var after = MetricAggregator.ReadSnapshot(Write(before), settings);
                Assert.Equal(Text(before), Text(after));
                var processed = before.Counters.Processed;
                foreach (var step in run.Steps[split..])
                {
                    var finals = Finals(after);
                    step.ApplyTo(after);
                    AssertFinalsUnchanged(finals, Finals(after));
                }

                Assert.Equal(run.Steps.Sum(static step => step.Slice?.Points.Length ?? 0), after.Counters.Processed + after.Counters.Late + after.Counters.Collided);
                Assert.True(after.Counters.Processed >= processed);

                // With nothing dropped for age, the windows of all sizes hold all points.
                after.AdvanceWatermark(long.MaxValue - 1_000);
                Assert.Equal(long.MaxValue, after.NextCloseAt);
                var again = MetricAggregator.ReadSnapshot(Write(after), run.Settings);
                Assert.Equal(Write(after), Write(again));
                Interlocked.Add(ref changed, settings.Size != run.Settings.Size && split < run.Steps.Length ? 1 : 0);
            },
            iter: 1_000);
        Assert.True(changed > 200, $"the size changed only {changed} times");
    }

    [Fact]
    public void Windows_of_both_sizes_hold_all_points()
    {
        var settings = AggregatorRun.CreateSettings(10, 0, 100);
        var aggregator = new MetricAggregator(settings);
        Step(1, 0, 1, 5, 12, 18).ApplyTo(aggregator);
        aggregator = MetricAggregator.ReadSnapshot(Write(aggregator), settings with { Size = 4 });
        Step(2, 0, 1, 5, 12, 18).ApplyTo(aggregator);
        aggregator = MetricAggregator.ReadSnapshot(Write(aggregator), settings with { Size = 20 });
        Step(3, 0, 1, 5, 12, 18).ApplyTo(aggregator);
        aggregator.AdvanceWatermark(100);
        var series = Assert.Single(aggregator.Query("m", new AggregatesQuery()).Series);
        Assert.Equal(12, series.Windows.Sum(static window => window.Count));
        Assert.Equal([(0, 4), (0, 10), (0, 20), (4, 8), (10, 20), (12, 16), (16, 20)], series.Windows.Select(Bounds).Order());
        Assert.All(series.Windows, static window => Assert.True(window.Final));
    }

    [Fact]
    public void A_restart_with_more_lateness_does_not_reopen_a_final_window()
    {
        var settings = AggregatorRun.CreateSettings(10, 0, 1);
        var aggregator = new MetricAggregator(settings);
        Step(1, 0, 5).ApplyTo(aggregator);
        Step(2, 25, 25).ApplyTo(aggregator);
        aggregator = MetricAggregator.ReadSnapshot(Write(aggregator), settings with { AllowedLateness = 1_000 });
        Step(3, 26, 5, 15, 25).ApplyTo(aggregator);
        Assert.Equal(new AggregatorCounters(3, 2, 0), aggregator.Counters);
        Assert.Equal([1L, 2], aggregator.Query("m", new AggregatesQuery()).Series[0].Windows.Select(static window => window.Count));
    }

    private static AggregatorStep Step(long position, long watermark, params int[] times) => new(
        position, watermark, new TestSlice([.. times.Select(static time => new TestPoint(1, time, time))], [new TestDefinition(1, [])]));

    private static (int, int) Bounds(WindowAggregate window) => ((int)window.Start.ToUnixTimeMilliseconds(), (int)window.End.ToUnixTimeMilliseconds());

    private static MetricAggregator Run(AggregatorRun run)
    {
        var aggregator = new MetricAggregator(run.Settings);
        Array.ForEach(run.Steps, step => step.ApplyTo(aggregator));
        return aggregator;
    }

    private static byte[] Write(MetricAggregator aggregator)
    {
        var output = new ArrayBufferWriter<byte>();
        aggregator.WriteSnapshot(output);
        return output.WrittenSpan.ToArray();
    }

    private static byte[] Sealed(byte[] body, byte version = 4)
    {
        var bytes = new byte[HeaderLength + body.Length + TrailerLength];
        "OMS"u8.CopyTo(bytes);
        bytes[3] = version;
        body.CopyTo(bytes, HeaderLength);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(^TrailerLength..), Crc32.HashToUInt32(bytes.AsSpan(..^TrailerLength)));
        return bytes;
    }

    /// <summary>False: invalid data. Any other exception fails the test.</summary>
    private static bool Usable(byte[] bytes, WindowSettings settings)
    {
        MetricAggregator aggregator;
        try
        {
            aggregator = MetricAggregator.ReadSnapshot(bytes, settings);
        }
        catch (InvalidDataException)
        {
            return false;
        }

        _ = Text(aggregator);
        var points = Enumerable.Range(0, 12).Select(static i => new TestPoint(AggregatorRun.IdOf(i % 5), i - 3, 10 * i)).ToArray();
        if (aggregator.Position < long.MaxValue)
        {
            aggregator.Apply(new SliceReader(new TestSlice(points, [new TestDefinition(1, [])]).ToBytes()), aggregator.Position + 1, 100);
        }

        aggregator.AdvanceWatermark(long.MaxValue - 10_000);
        Assert.Equal(long.MaxValue, aggregator.NextCloseAt);
        _ = Text(aggregator);
        var written = Write(aggregator);
        Assert.Equal(written, Write(MetricAggregator.ReadSnapshot(written, settings)));
        return true;
    }

    private static void AssertInvalid(byte[] bytes, WindowSettings settings)
    {
        var exception = Assert.Throws<InvalidDataException>(() => MetricAggregator.ReadSnapshot(bytes, settings));
        Assert.Contains("snapshot", exception.Message, StringComparison.OrdinalIgnoreCase);
    }

    private static Dictionary<string, string> Finals(MetricAggregator aggregator) => aggregator
        .Query("m", new AggregatesQuery { FinalOnly = true }).Series
        .SelectMany(static series => series.Windows.Select(window => ($"{string.Join(',', series.Tags)} {window.Start:O} {window.End:O} {window.Revision}", JsonSerializer.Serialize(window))))
        .ToDictionary();

    private static void AssertFinalsUnchanged(Dictionary<string, string> before, Dictionary<string, string> after)
    {
        foreach (var (window, content) in before)
        {
            Assert.Equal(content, after.GetValueOrDefault(window, content));
        }
    }

    private static string Text(MetricAggregator aggregator) =>
        JsonSerializer.Serialize((aggregator.Query("m", new AggregatesQuery()), aggregator.Counters, aggregator.Position), JsonOptions);
}
