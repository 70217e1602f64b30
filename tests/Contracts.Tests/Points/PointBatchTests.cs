using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using CsCheck;
using OrleansMetrics.Contracts.Points;

namespace OrleansMetrics.Contracts.Tests.Points;

public sealed class PointBatchTests
{
    private sealed record Slice(string Metric, (ulong Id, double Value, long Offset)[] Points, (ulong Id, byte[] Key)[] Definitions, long BaseTime, bool Wide);

    private sealed record Batch(string GatewayId, long CreatedAt, Slice[] Slices)
    {
        public byte[] Write(PointBatchWriter? reused = null)
        {
            var writer = reused ?? new PointBatchWriter(Encoding.UTF8.GetBytes(GatewayId), 16);
            foreach (var slice in Slices)
            {
                var columns = writer.BeginSlice(
                    Encoding.UTF8.GetBytes(slice.Metric), MetricKind.Gauge, slice.Points.Length, slice.Definitions.Length,
                    slice.Definitions.Sum(definition => definition.Key.Length), slice.BaseTime, slice.Wide);
                foreach (var (id, key) in slice.Definitions)
                {
                    columns.AddDefinition(id, key);
                }

                for (var i = 0; i < slice.Points.Length; i++)
                {
                    columns.Ids[i] = slice.Points[i].Id;
                    columns.Values[i] = slice.Points[i].Value;
                    if (slice.Wide)
                    {
                        columns.WideTimes[i] = slice.Points[i].Offset;
                    }
                    else
                    {
                        columns.Times[i] = (int)slice.Points[i].Offset;
                    }
                }
            }

            return writer.Finish(CreatedAt);
        }
    }

    private static readonly Gen<Slice> Slices =
        from metric in Gen.String[Gen.Char.AlphaNumeric, 1, 20]
        from wide in Gen.Bool
        from points in Gen.Select(Gen.ULong, Gen.Double, wide ? Gen.Long[-1L << 40, 1L << 40] : Gen.Int.Select(i => (long)i)).Array[0, 20]
        from definitions in Gen.Select(Gen.ULong, Gen.Byte.Array[0, 40]).Array[0, 5]
        from baseTime in Gen.Long[-1L << 45, 1L << 45]
        select new Slice(metric, points, definitions, baseTime, wide);

    private static readonly Gen<Batch> Batches =
        Gen.Select(Gen.String[Gen.Char.AlphaNumeric, 0, 20], Gen.Long, Slices.Array[0, 5], (gateway, at, slices) => new Batch(gateway, at, slices));

    [Fact]
    public void A_batch_round_trips()
    {
        long wide = 0, narrowOdd = 0, definitions = 0, empty = 0;
        Batches.Sample(
            batch =>
            {
                AssertReads(batch, batch.Write());
                Interlocked.Add(ref wide, batch.Slices.Count(slice => slice.Wide));
                Interlocked.Add(ref narrowOdd, batch.Slices.Count(slice => !slice.Wide && slice.Points.Length % 2 == 1));
                Interlocked.Add(ref definitions, batch.Slices.Sum(slice => slice.Definitions.Length));
                Interlocked.Add(ref empty, batch.Slices.Length == 0 ? 1 : 0);
            },
            iter: 1_000);
        Assert.All([wide, narrowOdd, definitions, empty], count => Assert.True(count > 50, $"{count} cases are too few"));
    }

    [Fact]
    public void A_writer_can_be_reused_without_a_trace_of_the_batch_before() =>
        Gen.Select(Batches, Batches).Sample(
            (first, second) =>
            {
                var writer = new PointBatchWriter(Encoding.UTF8.GetBytes(second.GatewayId), 16);
                (first with { GatewayId = second.GatewayId }).Write(writer);
                Assert.Equal(0, writer.Points);
                Assert.Equal(second.Write(), second.Write(writer));
            },
            iter: 300);

    [Fact]
    public void Every_truncation_is_refused() =>
        Batches.Sample(
            batch =>
            {
                var bytes = batch.Write();
                for (var length = 0; length < bytes.Length; length++)
                {
                    AssertRefused(bytes.AsMemory(0, length));
                }

                AssertRefused((byte[])[.. bytes, 0]);
            },
            iter: 100);

    [Fact]
    public void Every_flipped_bit_is_refused() =>
        Gen.Select(Batches, Gen.Int[0, 7]).Sample(
            (batch, bit) =>
            {
                var bytes = batch.Write();
                for (var i = 0; i < bytes.Length; i++)
                {
                    bytes[i] ^= (byte)(1 << bit);
                    AssertRefused(bytes);
                    bytes[i] ^= (byte)(1 << bit);
                }
            },
            iter: 100);

    [Fact]
    public void A_batch_with_wrong_sizes_under_a_right_checksum_is_refused_or_safe_to_read()
    {
        var refused = 0L;
        Gen.Select(Batches, Gen.Int[0, int.MaxValue].Array[50], Gen.OneOf(Gen.Int, Gen.Int[-64, 64])).Sample(
            (batch, places, value) =>
            {
                foreach (var place in places)
                {
                    var bytes = batch.Write();
                    BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12 + (place % (bytes.Length - 16))), value);
                    BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), Crc32.HashToUInt32(bytes.AsSpan(8)));
                    if (PointBatch.TryParse(bytes, out var parsed, out _))
                    {
                        ReadEverything(parsed);
                    }
                    else
                    {
                        Interlocked.Increment(ref refused);
                    }
                }
            },
            iter: 500);
        Assert.True(refused > 1_000, $"{refused}");
    }

    [Fact]
    public void A_heartbeat_is_a_batch_without_points()
    {
        Assert.True(PointBatch.TryParse(PointBatchWriter.Heartbeat("gw-1"u8, 42), out var batch, out _));
        Assert.Equal(("gw-1", 42, 0, 0), (batch.GatewayId, batch.CreatedAt, batch.Points, batch.Slices.Length));
    }

    [Fact]
    public void Another_version_is_named()
    {
        var bytes = PointBatchWriter.Heartbeat("gw-1"u8, 42);
        bytes[3] = 9;
        Assert.False(PointBatch.TryParse(bytes, out _, out var error));
        Assert.Contains("unknown version 9", error, StringComparison.Ordinal);
    }

    private static void AssertReads(Batch expected, byte[] bytes)
    {
        Assert.True(PointBatch.TryParse(bytes, out var actual, out var error), error);
        Assert.Equal((expected.GatewayId, expected.CreatedAt), (actual.GatewayId, actual.CreatedAt));
        Assert.Equal(expected.Slices.Sum(slice => slice.Points.Length), actual.Points);
        Assert.Equal(expected.Slices.Length, actual.Slices.Length);
        for (var i = 0; i < expected.Slices.Length; i++)
        {
            var slice = expected.Slices[i];
            var reader = new SliceReader(actual.Slices[i].Span);
            Assert.Equal(slice.Metric, Encoding.UTF8.GetString(reader.Metric));
            Assert.Equal((MetricKind.Gauge, slice.BaseTime, slice.Wide), (reader.Kind, reader.BaseTime, reader.HasWideTimes));
            Assert.Equal(slice.Points.Select(point => point.Id), reader.Ids.ToArray());
            Assert.Equal(slice.Points.Select(point => point.Value), reader.Values.ToArray());
            for (var point = 0; point < slice.Points.Length; point++)
            {
                Assert.Equal(slice.BaseTime + slice.Points[point].Offset, reader.TimeOf(point));
            }

            var at = 0;
            foreach (var definition in reader.GetDefinitions())
            {
                Assert.Equal(slice.Definitions[at].Id, definition.Id);
                Assert.Equal(slice.Definitions[at++].Key, definition.Key.ToArray());
            }

            Assert.Equal(slice.Definitions.Length, at);
        }
    }

    private static void ReadEverything(PointBatch batch)
    {
        foreach (var slice in batch.Slices)
        {
            var reader = new SliceReader(slice.Span);
            Assert.Equal(reader.Points, reader.Ids.Length);
            Assert.Equal(reader.Points, reader.Values.Length);
            Assert.Equal(reader.Points, reader.Times.Length + reader.WideTimes.Length);
            Assert.False(reader.Metric.IsEmpty);
            foreach (var definition in reader.GetDefinitions())
            {
                Assert.True(definition.Key.Length >= 0);
            }
        }
    }

    private static void AssertRefused(ReadOnlyMemory<byte> bytes)
    {
        Assert.False(PointBatch.TryParse(bytes, out var batch, out var error));
        Assert.Null(batch);
        Assert.NotEmpty(error);
    }
}
