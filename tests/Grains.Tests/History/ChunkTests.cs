using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text.Json;
using CsCheck;
using OrleansMetrics.Grains.Aggregation;
using OrleansMetrics.Grains.History;
using OrleansMetrics.Grains.History.Chunks;

namespace OrleansMetrics.Grains.Tests.History;

public sealed class ChunkTests
{
    [Fact]
    public void What_is_written_in_columns_is_read_back_to_the_bit()
    {
        int sketches = 0, undefined = 0, gaps = 0;
        WindowsOfSeries.Many.Sample(
            all =>
            {
                var chunk = Chunk.Parse(WindowsOfSeries.ToChunk(all));
                Assert.Equal(all.Length, chunk.Series.Count);
                for (var i = 0; i < all.Length; i++)
                {
                    Assert.Equal((all[i].Id, all[i].Windows.Length), (chunk.Series[i].Id, chunk.Series[i].Windows));
                    Assert.Equal(all[i].Key, chunk.Series[i].Key);
                    var read = new WindowPool();
                    chunk.Read(chunk.Series[i], new SeriesColumns(), SketchReading.Full, read);
                    Assert.Equal(Describe(all[i].ToPool(), sketches: true), Describe(read, sketches: true));
                    read.Clear();
                    chunk.Read(chunk.Series[i], new SeriesColumns(), SketchReading.Bits, read);
                    Assert.Equal(Describe(all[i].ToPool(), sketches: true), Describe(read, sketches: true));
                    read.Clear();
                    chunk.Read(chunk.Series[i], new SeriesColumns(), SketchReading.None, read);
                    Assert.Equal(Describe(all[i].ToPool(), sketches: false), Describe(read, sketches: false));
                }

                Interlocked.Add(ref sketches, all.Any(static one => one.Windows.Any(static w => w.Points.Length > 8)) ? 1 : 0);
                Interlocked.Add(ref undefined, all.Any(static one => !one.Defined) ? 1 : 0);
                Interlocked.Add(ref gaps, all.Any(static one => one.Windows.Zip(one.Windows.Skip(1)).Any(static pair => pair.First.Start + pair.First.Size != pair.Second.Start)) ? 1 : 0);
            },
            iter: 3_000);
        Assert.All([sketches, undefined, gaps], static seen => Assert.True(seen > 100, $"a case was generated only {seen} times"));
    }

    [Fact]
    public void Truncated_extended_or_flipped_bytes_are_invalid_data() => WindowsOfSeries.Many.Sample(
        static all =>
        {
            var bytes = WindowsOfSeries.ToChunk(all);
            for (var length = 0; length < bytes.Length; length += 1 + length / 50)
            {
                Assert.Throws<InvalidDataException>(() => Chunk.Parse(bytes.AsMemory(0, length)));
            }

            Assert.Throws<InvalidDataException>(() => Chunk.Parse((byte[])[.. bytes, 0]));
            for (var bit = 0; bit < bytes.Length * 8; bit += 1 + bit / 50)
            {
                bytes[bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.Throws<InvalidDataException>(() => Chunk.Parse(bytes));
                bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            }
        },
        iter: 30);

    [Fact]
    public void A_damaged_chunk_under_a_correct_checksum_is_invalid_data_or_can_be_read()
    {
        int read = 0, refused = 0;
        Gen.Select(WindowsOfSeries.Many.Where(static all => all.Length > 0), Gen.Bool, Gen.Select(Gen.Int, Gen.Frequency((2, Gen.Byte), (1, Gen.Const((byte)0xFF)), (1, Gen.Const((byte)0)))).Array[1, 4]).Sample(
            (all, rows, damage) =>
            {
                var bytes = WindowsOfSeries.ToChunk(all);
                var body = bytes.AsSpan(ChunkFormat.HeaderLength, bytes.Length - ChunkFormat.HeaderLength - ChunkFormat.TrailerLength);
                foreach (var (at, value) in damage)
                {
                    body[(int)((uint)at % body.Length)] = value;
                }

                Interlocked.Increment(ref IsReadable(bytes, rows ? ChunkFormat.Rows : ChunkFormat.Columns) ? ref read : ref refused);
            },
            iter: 5_000);
        Assert.True(read > 200 && refused > 200, $"{read} read, {refused} refused");
    }

    [Fact]
    public void Random_bodies_under_a_correct_checksum_are_invalid_data_or_can_be_read()
    {
        int read = 0, refused = 0;
        Gen.Select(Gen.Bool, Gen.Byte[1, 2], Gen.Frequency((6, Gen.Byte[0, 3]), (1, Gen.Byte[0, 20]), (1, Gen.Byte)).Array[0, 100]).Sample(
            (rows, version, body) =>
            {
                byte[] bytes = [(byte)'O', (byte)'M', (byte)'H', version, 0, .. body, 0, 0, 0, 0];
                Interlocked.Increment(ref IsReadable(bytes, rows ? ChunkFormat.Rows : ChunkFormat.Columns) ? ref read : ref refused);
            },
            iter: 50_000);
        Assert.True(refused > 1_000 && read > 100, $"{read} read, {refused} refused");
    }

    [Fact]
    public void A_few_bytes_cannot_claim_much_memory()
    {
        // A constant column of 65,536 windows needs few bits: what can be claimed is bounded by that.
        var windows = new WindowPool();
        for (var i = 0; i < ChunkFormat.MaxWindows + 1; i++)
        {
            new PointsOfWindow(i * 10_000L, 10_000, [(1, 0)]).Fill(windows.Take());
        }

        var writer = new ChunkWriter(new SeriesColumns());
        writer.Write(1, null, windows);
        var bytes = writer.Finish();
        var chunk = Chunk.Parse(bytes);
        Assert.Equal([ChunkFormat.MaxWindows, 1], chunk.Series.Select(static series => series.Windows));
        Assert.InRange(bytes.Length, 1, 150);

        // One window more than that is refused before anything is allocated for it.
        var body = new ArrayBufferWriter<byte>();
        ChunkFormat.Begin(body, ChunkFormat.Columns);
        SnapshotWriter.WriteVarint(body, ChunkFormat.MaxWindows + 1);
        body.Write(new byte[40]);
        Assert.Throws<InvalidDataException>(() => Chunk.Parse(ChunkFormat.Seal(body)));
    }

    [Fact]
    public void Chunks_of_version_1_say_what_they_did()
    {
        using var resource = typeof(ChunkTests).Assembly.GetManifestResourceStream("Version1Chunks.json.gz")!;
        using var json = new GZipStream(resource, CompressionMode.Decompress);
        var chunks = JsonDocument.Parse(json).RootElement.EnumerateArray().ToList();
        Assert.Equal(24, chunks.Count);
        foreach (var (bytes, windows) in chunks.Select(static one => (one.GetProperty("Chunk").GetBytesFromBase64(), one.GetProperty("Windows").GetString())))
        {
            Assert.Equal(1, bytes[3]);
            Assert.Equal(windows, Text(bytes));
        }
    }

    [Fact]
    public void A_rollup_equals_the_aggregate_of_its_points() => Gen.Select(WindowsOfSeries.Any, Gen.OneOf(Gen.Const(60_000), Gen.Const(70_000), Gen.Const(600_000))).Sample(
        (one, step) =>
        {
            // Windows in their order, and the points of each in theirs.
            var chunk = Chunk.Parse(WindowsOfSeries.ToChunk([one]));
            var merger = new SeriesMerger();
            merger.Add(chunk, long.MinValue, long.MaxValue);
            var rolled = merger.Merge(one.Id, step, SketchReading.Full);

            var expected = new WindowPool();
            foreach (var group in one.Windows.GroupBy(window => Place(window, step)).OrderBy(static group => group.Key))
            {
                var points = group.SelectMany(window => window.Points.Select(point => (point.Value, (int)(window.Start + point.Offset - group.Key.Start)))).ToArray();
                var window = expected.Take();
                new PointsOfWindow(group.Key.Start, group.Key.Size, points).Fill(window);

                // Exact but for the sum, which is one of sums: within what rounding may do.
                var actual = rolled[expected.Count - 1];
                var magnitude = points.Sum(static point => Math.Abs(point.Value));
                if (double.IsFinite(magnitude))
                {
                    Assert.True(Math.Abs(window.Sum - actual.Sum) <= magnitude * 1e-12 || points.Length <= 8, $"{window.Sum:R} {actual.Sum:R}");
                }

                if (points.Length > 8)
                {
                    window.Sum = actual.Sum;
                }

                Assert.Equal(Quantiles(window), Quantiles(actual));
            }

            Assert.Equal(Describe(expected, sketches: true), Describe(rolled, sketches: true));
        },
        iter: 3_000);

    [Fact]
    public void Windows_of_one_place_in_several_chunks_become_one() => Gen.Select(WindowsOfSeries.Any, WindowsOfSeries.Any).Sample(
        static (one, other) =>
        {
            var second = other with { Series = one.Series, Defined = one.Defined, Windows = [.. one.Windows.Zip(other.Windows, static (w, o) => w with { Points = [.. o.Points.Select(p => (p.Value, p.Offset % w.Size))] })] };
            var merger = new SeriesMerger();
            merger.Add(Chunk.Parse(WindowsOfSeries.ToChunk([one])), long.MinValue, long.MaxValue);
            merger.Add(Chunk.Parse(WindowsOfSeries.ToChunk([second])), long.MinValue, long.MaxValue);
            var merged = merger.Merge(one.Id, 0, SketchReading.Full);
            Assert.Equal(one.Windows.Length, merged.Count);
            for (var i = 0; i < merged.Count; i++)
            {
                PointsOfWindow all = i < second.Windows.Length ? one.Windows[i] with { Points = [.. one.Windows[i].Points, .. second.Windows[i].Points] } : one.Windows[i];
                var expected = new WindowState();
                all.Fill(expected);
                Assert.Equal((expected.Count, expected.Min, expected.Max, expected.Last, expected.LastOffset), (merged[i].Count, merged[i].Min, merged[i].Max, merged[i].Last, merged[i].LastOffset));
            }
        },
        iter: 500);

    [Fact]
    public void Sketches_passed_on_as_they_are_give_the_same_chunk() => Gen.Select(WindowsOfSeries.Many, WindowsOfSeries.Many).Sample(
        static (all, more) =>
        {
            // Of several chunks, so that windows of one place are added up between others that are not.
            byte[] Merged(SketchReading sketches)
            {
                var merger = new SeriesMerger();
                merger.Add(Chunk.Parse(WindowsOfSeries.ToChunk(all)), long.MinValue, long.MaxValue);
                merger.Add(Chunk.Parse(WindowsOfSeries.ToChunk([.. more.Zip(all, static (other, one) => other with { Series = one.Series, Defined = one.Defined })])), long.MinValue, long.MaxValue);
                var writer = new ChunkWriter(merger.Columns);
                foreach (var (id, key) in merger.List())
                {
                    writer.Write(id, key, merger.Merge(id, 0, sketches));
                }

                return writer.Finish();
            }

            Assert.Equal(Merged(SketchReading.Full), Merged(SketchReading.Bits));
        },
        iter: 1_000);

    private static (long Start, int Size) Place(PointsOfWindow window, int step)
    {
        var start = SeriesMerger.StepStart(window.Start, step);
        return window.Size <= step && window.Start + window.Size <= start + step ? (start, step) : (window.Start, window.Size);
    }

    private static bool IsReadable(byte[] bytes, byte form)
    {
        bytes[4] = form;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(bytes.Length - 4), Crc32.HashToUInt32(bytes.AsSpan(0, bytes.Length - 4)));
        try
        {
            // What can be read can be written and read again, with sketches passed on as they are or made anew.
            var made = Rewrite(Rewrite(bytes, SketchReading.Full), SketchReading.Full);
            Assert.Equal(made, Rewrite(Rewrite(bytes, SketchReading.Bits), SketchReading.Full));
            return true;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    private static byte[] Rewrite(byte[] bytes, SketchReading sketches)
    {
        var merger = new SeriesMerger();
        merger.Add(Chunk.Parse(bytes), long.MinValue, long.MaxValue);
        var writer = new ChunkWriter(merger.Columns);
        foreach (var (id, key) in merger.List())
        {
            writer.Write(id, key, merger.Merge(id, 0, sketches));
        }

        return writer.Finish();
    }

    private static string Text(byte[] bytes)
    {
        var chunk = Chunk.Parse(bytes);
        return string.Join('\n', chunk.Series.Select(series =>
        {
            var windows = new WindowPool();
            chunk.Read(series, new SeriesColumns(), SketchReading.Full, windows);
            return $"{series.Id} {Convert.ToHexString(series.Key ?? [])}\n{Describe(windows, sketches: true)}";
        }));
    }

    private static string Quantiles(WindowState window) =>
        string.Join(' ', new[] { 0.01, 0.5, 0.9, 0.99, 1 }.Select(p => window.Sketch.Quantile(p, window.Min, window.Max).ToString("R")));

    private static string Describe(WindowPool windows, bool sketches) => string.Join("\n", Enumerable.Range(0, windows.Count).Select(i =>
    {
        var window = windows[i];
        var bytes = new ArrayBufferWriter<byte>();
        if (sketches || window.Count <= 8)
        {
            window.Sketch.WriteTo(bytes);
        }

        return $"{window.Start}+{window.Size} {window.Count} {Bits(window.Sum)} {Bits(window.Min)} {Bits(window.Max)} {Bits(window.Last)}@{window.LastOffset} {Convert.ToHexString(bytes.WrittenSpan)}";
    }));

    private static string Bits(double value) => BitConverter.DoubleToInt64Bits(value).ToString("x");
}
