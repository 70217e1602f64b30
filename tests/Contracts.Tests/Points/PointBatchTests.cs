using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using CsCheck;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Series;

namespace OrleansMetrics.Contracts.Tests.Points;

public sealed class PointBatchTests
{
    private static readonly Gen<SlicePoint> GenPoint = Gen.Select(
        Gen.ULong, Gen.Double, Gen.Int, Gen.Long, static (id, value, time, wide) => new SlicePoint(id, value, time, wide));

    private static readonly Gen<TestSlice> GenSlice = Gen.Select(
        Gen.Bool,
        Gen.Long,
        GenPoint.Array[0, 9],
        Gen.Select(Gen.String[Gen.Char.AlphaNumeric, 1, 9], Gen.String[0, 20], static (name, value) => new Tag(name, value)).Array[0, 4],
        static (wide, baseTime, points, tags) => new TestSlice(wide, baseTime, points, [.. tags.DistinctBy(static tag => tag.Name)]));

    private static readonly Gen<TestSlice[]> GenSlices = GenSlice.Array[0, 6];

    [Fact]
    public void What_the_writer_writes_the_reader_reads()
    {
        int wide = 0, odd = 0, heartbeats = 0, definitions = 0;
        GenSlices.Sample(
            slices =>
            {
                Assert.True(PointBatch.TryParse(Write(slices), out var batch, out var error), error);
                Assert.Equal("gateway-ä", batch.GatewayId);
                Assert.Equal(-123, batch.CreatedAt);
                Assert.Equal(slices.Sum(static slice => slice.Points.Length), batch.Points);
                Assert.Equal(slices.Length, batch.Slices.Length);
                for (var i = 0; i < slices.Length; i++)
                {
                    AssertSame(slices[i], i, new SliceReader(batch.Slices[i].Span));
                    Interlocked.Add(ref wide, slices[i].Wide ? 1 : 0);
                    Interlocked.Add(ref odd, slices[i].Points.Length & 1);
                    Interlocked.Add(ref definitions, slices[i].Tags.Length);
                }

                Interlocked.Add(ref heartbeats, slices.Length == 0 ? 1 : 0);
            },
            iter: 2_000);
        Assert.All([wide, odd, heartbeats, definitions], static seen => Assert.True(seen > 20, $"a case was generated only {seen} times"));
    }

    [Fact]
    public void A_writer_that_was_finished_writes_the_next_batch_as_a_new_one_would()
    {
        Gen.Select(GenSlices, GenSlices).Sample((first, second) =>
        {
            var writer = new PointBatchWriter("g"u8, 16);
            Write(writer, first);
            writer.Finish(1);
            Write(writer, second);
            var fresh = new PointBatchWriter("g"u8);
            Write(fresh, second);
            Assert.Equal(fresh.Length, writer.Length);
            Assert.Equal(fresh.Points, writer.Points);
            Assert.Equal(fresh.Finish(2), writer.Finish(2));
        });
    }

    [Fact]
    public void A_truncated_batch_is_refused() => GenSlices.Sample(
        slices =>
        {
            var bytes = Write(slices);
            for (var length = 0; length < bytes.Length; length++)
            {
                AssertRefused(bytes[..length]);
            }
        },
        iter: 50);

    [Fact]
    public void A_batch_with_a_flipped_bit_is_refused() => GenSlices.Sample(
        slices =>
        {
            var bytes = Write(slices);
            for (var bit = 0; bit < bytes.Length * 8; bit++)
            {
                bytes[bit / 8] ^= (byte)(1 << (bit % 8));
                AssertRefused(bytes);
                bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            }
        },
        iter: 20);

    [Fact]
    public void An_extended_batch_is_refused() =>
        Gen.Select(GenSlices, Gen.Byte.Array[1, 64]).Sample((slices, more) => AssertRefused([.. Write(slices), .. more]));

    [Fact]
    public void Random_bytes_are_refused() => Gen.Byte.Array[0, 300].Sample(AssertRefused, iter: 10_000);

    [Fact]
    public void Damage_under_a_correct_checksum_is_refused_or_read_but_never_thrown()
    {
        int refused = 0, read = 0;
        Gen.Select(GenSlices, Gen.Select(Gen.UInt, Gen.Byte).Array[1, 6]).Sample(
            (slices, damage) =>
            {
                var bytes = Write(slices);
                foreach (var (at, value) in damage)
                {
                    // The first bytes of headers, where the sizes are, more often than columns.
                    bytes[8 + at % (uint)(bytes.Length - 8)] = (value & 3) == 0 ? (byte)0xFF : value;
                }

                Seal(bytes);
                if (PointBatch.TryParse(bytes, out var batch, out var error))
                {
                    ReadAll(batch);
                    Interlocked.Increment(ref read);
                }
                else
                {
                    Assert.NotEmpty(error);
                    Interlocked.Increment(ref refused);
                }
            },
            iter: 20_000);
        Assert.True(refused > 100 && read > 100, $"{refused} refused, {read} read");
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(int.MinValue)]
    [InlineData(-1)]
    [InlineData(1 << 28)]
    public void A_size_out_of_range_is_refused(int size)
    {
        var batch = Write([new TestSlice(false, 0, [new SlicePoint(1, 2, 3, 3)], [new Tag("a", "b")])]);
        int[] sizes = [12, 16, 48, 48 + 8, 48 + 12, 48 + 16];
        foreach (var at in sizes)
        {
            var bytes = batch.ToArray();
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), size);
            Seal(bytes);
            AssertRefused(bytes);
        }
    }

    [Fact]
    public void A_second_slice_of_a_metric_is_refused()
    {
        var writer = new PointBatchWriter("g"u8);
        foreach (var metric in (string[])["a", "b", "a"])
        {
            Write(writer, metric, new TestSlice(false, 0, [new SlicePoint(1, 2, 3, 3)], []));
        }

        Assert.False(PointBatch.TryParse(writer.Finish(0), out _, out var error));
        Assert.Contains("its metric has a slice already", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_definition_without_a_canonical_key_is_refused()
    {
        var writer = new PointBatchWriter("g"u8);
        var columns = writer.BeginSlice("cpu"u8, MetricKind.Gauge, 0, 1, 3, 0, false);
        columns.AddDefinition(1, [2, (byte)'a', 9]);
        Assert.False(PointBatch.TryParse(writer.Finish(0), out _, out var error));
        Assert.Contains("no canonical key", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_version_is_refused_by_name()
    {
        var bytes = Write([]);
        bytes[3] = 2;
        Assert.False(PointBatch.TryParse(bytes, out _, out var error));
        Assert.Contains("version 2", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_heartbeat_is_a_batch_without_points()
    {
        Assert.True(PointBatch.TryParse(PointBatchWriter.Heartbeat("silo"u8, 77), out var batch, out _));
        Assert.Equal(("silo", 77L, 0, 0), (batch.GatewayId, batch.CreatedAt, batch.Points, batch.Slices.Length));
        Assert.False(batch.TryGetSlice("cpu", out _));
    }

    [Fact]
    public void A_slice_is_found_by_its_metric()
    {
        var slices = Enumerable.Range(0, 5).Select(static i => new TestSlice(i % 2 == 0, i, [], [])).ToArray();
        Assert.True(PointBatch.TryParse(Write(slices), out var batch, out _));
        for (var i = 0; i < slices.Length; i++)
        {
            Assert.True(batch.TryGetSlice(MetricName(i), out var slice));
            Assert.Equal(i, new SliceReader(slice.Span).BaseTime);
        }

        Assert.False(batch.TryGetSlice("metric", out _));
    }

    [Fact]
    public void A_metric_without_a_name_is_not_written() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new PointBatchWriter("g"u8).BeginSlice([], MetricKind.Gauge, 0, 0, 0, 0, false));

    private static string MetricName(int slice) => new('m', slice + 1);

    private static byte[] Write(TestSlice[] slices)
    {
        var writer = new PointBatchWriter("gateway-ä"u8, 64);
        Write(writer, slices);
        return writer.Finish(-123);
    }

    private static void Write(PointBatchWriter writer, TestSlice[] slices)
    {
        for (var i = 0; i < slices.Length; i++)
        {
            Write(writer, MetricName(i), slices[i]);
        }
    }

    private static void Write(PointBatchWriter writer, string metric, TestSlice slice)
    {
        var keys = slice.Tags.Select(static tag => SeriesKey.Encode([tag])).ToArray();
        var columns = writer.BeginSlice(
            Encoding.UTF8.GetBytes(metric), MetricKind.Gauge, slice.Points.Length, keys.Length, keys.Sum(static key => key.Length), slice.BaseTime, slice.Wide);
        foreach (var key in keys)
        {
            columns.AddDefinition(SeriesKey.Hash(key), key);
        }

        for (var i = 0; i < slice.Points.Length; i++)
        {
            columns.Ids[i] = slice.Points[i].Id;
            columns.Values[i] = slice.Points[i].Value;
            if (slice.Wide)
            {
                columns.WideTimes[i] = slice.Points[i].WideTime;
            }
            else
            {
                columns.Times[i] = slice.Points[i].Time;
            }
        }
    }

    private static void AssertSame(TestSlice expected, int index, SliceReader actual)
    {
        Assert.Equal(MetricName(index), Encoding.UTF8.GetString(actual.Metric));
        Assert.Equal(MetricKind.Gauge, actual.Kind);
        Assert.Equal(expected.Wide, actual.HasWideTimes);
        Assert.Equal(expected.BaseTime, actual.BaseTime);
        Assert.Equal(expected.Points.Length, actual.Points);
        for (var i = 0; i < expected.Points.Length; i++)
        {
            var point = expected.Points[i];
            Assert.Equal(point.Id, actual.Ids[i]);
            Assert.Equal(BitConverter.DoubleToInt64Bits(point.Value), BitConverter.DoubleToInt64Bits(actual.Values[i]));
            Assert.Equal(expected.BaseTime + (expected.Wide ? point.WideTime : point.Time), actual.TimeOf(i));
        }

        var tags = new List<Tag>();
        foreach (var definition in actual.GetDefinitions())
        {
            Assert.Equal(SeriesKey.Hash(definition.Key), definition.Id);
            tags.AddRange(SeriesKey.Decode(definition.Key));
        }

        Assert.Equal(expected.Tags, tags);
        Assert.Equal(expected.Tags.Length, actual.DefinitionCount);
    }

    private static void ReadAll(PointBatch batch)
    {
        var points = 0;
        foreach (var bytes in batch.Slices)
        {
            var slice = new SliceReader(bytes.Span);
            points += slice.Points;
            for (var i = 0; i < slice.Points; i++)
            {
                _ = slice.Ids[i];
                _ = slice.Values[i];
                _ = slice.TimeOf(i);
            }

            foreach (var definition in slice.GetDefinitions())
            {
                SeriesKey.Decode(definition.Key);
            }
        }

        Assert.Equal(points, batch.Points);
    }

    private static void Seal(byte[] batch) => BinaryPrimitives.WriteUInt32LittleEndian(batch.AsSpan(4), Crc32.HashToUInt32(batch.AsSpan(8)));

    private static void AssertRefused(byte[] bytes)
    {
        Assert.False(PointBatch.TryParse(bytes, out var batch, out var error));
        Assert.Null(batch);
        Assert.NotEmpty(error);
    }

    private sealed record SlicePoint(ulong Id, double Value, int Time, long WideTime);

    private sealed record TestSlice(bool Wide, long BaseTime, SlicePoint[] Points, Tag[] Tags);
}
