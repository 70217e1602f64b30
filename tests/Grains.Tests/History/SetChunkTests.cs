using System.Buffers.Binary;
using System.IO.Hashing;
using CsCheck;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Series;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.Aggregation;
using OrleansMetrics.Grains.History;
using OrleansMetrics.Grains.History.Chunks;
using OrleansMetrics.Grains.Tests.Aggregation;

namespace OrleansMetrics.Grains.Tests.History;

public sealed class SetChunkTests
{
    private const int Size = 10_000;

    /// <summary>Windows one after the other, each with elements of a range, some of which are many.</summary>
    private static readonly Gen<(int First, int Elements)[]> Sets =
        Gen.Select(Gen.Int[0, 500], Gen.Frequency((6, Gen.Int[1, 20]), (1, Gen.Int[20, 6_000]))).Array[1, 20];

    [Fact]
    public void Windows_of_sets_are_read_back_from_columns_and_from_rows()
    {
        Sets.Sample(
            sets =>
            {
                foreach (var bytes in new[] { ToColumns(1, sets), ToRows(1, sets) })
                {
                    var chunk = Chunk.Parse(bytes);
                    Assert.True(chunk.IsSet);
                    foreach (var sketches in Enum.GetValues<SketchReading>())
                    {
                        // Into a pool that has been used for something else.
                        var read = new WindowPool();
                        read.Take().Sketch.Add(1);
                        read.Clear();
                        chunk.Read(Assert.Single(chunk.Series), new SeriesColumns(), sketches, read);
                        Assert.Equal(Describe(ToPool(sets)), Describe(read));
                    }
                }
            },
            iter: 200);
    }

    [Fact]
    public void Rollups_and_groups_are_of_all_elements_each_counted_once() => Gen.Select(Sets, Sets).Sample(
        static (one, other) =>
        {
            var all = new HyperLogLog();
            var points = 0L;
            foreach (var (first, elements) in one.Concat(other))
            {
                points += elements;
                for (var i = 0; i < elements; i++)
                {
                    Add(all, first + i);
                }
            }

            var query = new RangeQuery
            {
                From = DateTimeOffset.UnixEpoch, To = DateTimeOffset.UnixEpoch.AddDays(1), Step = TimeSpan.FromDays(1), GroupBy = [], Quantiles = [],
            };
            var reader = new RangeReader(query, [], long.MaxValue);
            reader.Add(Chunk.Parse(ToColumns(1, one)), long.MinValue, long.MaxValue, corrects: false);
            reader.Add(Chunk.Parse(ToRows(2, other)), long.MinValue, long.MaxValue, corrects: false);
            var window = Assert.Single(Assert.Single(reader.Read()).Windows);
            Assert.Equal((points, all.Estimate()), (window.Count, window.Distinct!.Value));

            // The same by a job that makes the chunk of a day.
            var job = new HistoryJob { Step = 86_400_000, From = long.MinValue, To = long.MaxValue, Inputs = [], OutputId = 1 };
            var made = HistoryMerge.Run(job, [ToRows(1, one), ToColumns(1, other)])!.Value;
            var rolled = new WindowPool();
            var chunk = Chunk.Parse(made.Bytes);
            chunk.Read(Assert.Single(chunk.Series), new SeriesColumns(), SketchReading.Full, rolled);
            Assert.Equal(points, rolled[0].Count);
            Assert.True(all.Ranks().SequenceEqual(rolled[0].Elements.Ranks()));
        },
        iter: 100);

    [Fact]
    public void A_damaged_chunk_of_sets_under_a_correct_checksum_is_invalid_data_or_can_be_read()
    {
        int read = 0, refused = 0;
        Gen.Select(Sets, Gen.Bool, Gen.Select(Gen.Int, Gen.Byte).Array[1, 4]).Sample(
            (sets, rows, damage) =>
            {
                var bytes = rows ? ToRows(1, sets) : ToColumns(1, sets);
                var body = bytes.AsSpan(ChunkFormat.HeaderLength, bytes.Length - ChunkFormat.HeaderLength - ChunkFormat.TrailerLength);
                foreach (var (at, value) in damage)
                {
                    body[(int)((uint)at % body.Length)] = value;
                }

                Interlocked.Increment(ref IsReadable(bytes) ? ref read : ref refused);
            },
            iter: 2_000);
        Assert.True(read > 50 && refused > 50, $"{read} read, {refused} refused");
    }

    private static bool IsReadable(byte[] bytes)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(bytes.Length - 4), Crc32.HashToUInt32(bytes.AsSpan(0, bytes.Length - 4)));
        try
        {
            var chunk = Chunk.Parse(bytes);
            foreach (var series in chunk.Series)
            {
                chunk.Read(series, new SeriesColumns(), SketchReading.Full, new WindowPool());
            }

            return true;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    private static WindowPool ToPool((int First, int Elements)[] sets)
    {
        var pool = new WindowPool();
        for (var i = 0; i < sets.Length; i++)
        {
            var window = pool.Take();
            (window.IsSet, window.Start, window.Size, window.Count, window.LastOffset) = (true, (long)i * Size, Size, sets[i].Elements, sets[i].Elements - 1);
            for (var element = 0; element < sets[i].Elements; element++)
            {
                Add(window.Elements, sets[i].First + element);
            }
        }

        return pool;
    }

    private static byte[] ToColumns(int series, (int First, int Elements)[] sets)
    {
        var writer = new ChunkWriter(new SeriesColumns(), isSet: true);
        writer.Write(SeriesKey.Hash(KeyOf(series)), KeyOf(series), ToPool(sets));
        return writer.Finish();
    }

    /// <summary>As an aggregator writes them, to which the elements came.</summary>
    private static byte[] ToRows(int series, (int First, int Elements)[] sets)
    {
        var aggregator = new MetricAggregator(new WindowSettings(Size, 0, 100, []));
        for (var i = 0; i < sets.Length; i++)
        {
            var writer = new PointBatchWriter("test"u8);
            var columns = writer.BeginSlice("m"u8, MetricKind.Set, sets[i].Elements, 1, KeyOf(series).Length, (long)i * Size, wideTimes: false);
            columns.AddDefinition(SeriesKey.Hash(KeyOf(series)), KeyOf(series));
            for (var element = 0; element < sets[i].Elements; element++)
            {
                columns.Ids[element] = SeriesKey.Hash(KeyOf(series));
                columns.Values[element] = SetElement.ToValue(SetElement.Of(sets[i].First + element));
                columns.Times[element] = element;
            }

            Assert.True(PointBatch.TryParse(writer.Finish(0), out var batch, out var error), error);
            aggregator.Apply(new SliceReader(batch.Slices[0].Span), i + 1, (long)i * Size);
        }

        return aggregator.WriteRows(long.MinValue, long.MaxValue).Bytes;
    }

    private static byte[] KeyOf(int series) => SeriesKey.Encode([new Tag("host", $"{series}")]);

    private static void Add(HyperLogLog sketch, int element)
    {
        var (register, rank) = HyperLogLog.Of(SetElement.Of(element));
        sketch.Raise(register, rank);
    }

    private static string Describe(WindowPool windows) => string.Join("\n", Enumerable.Range(0, windows.Count).Select(i =>
        $"{windows[i].IsSet} {windows[i].Start}+{windows[i].Size} {windows[i].Count}@{windows[i].LastOffset} {Convert.ToHexString(windows[i].Elements.Ranks())}"));
}
