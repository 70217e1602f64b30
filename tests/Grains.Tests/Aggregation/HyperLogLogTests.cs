using CsCheck;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Grains.Aggregation;
using OrleansMetrics.Grains.History.Chunks;

namespace OrleansMetrics.Grains.Tests.Aggregation;

public sealed class HyperLogLogTests
{
    private const double StandardError = 1.04 / 64;

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(8, 0)]
    [InlineData(100, 0.03)]
    [InlineData(3_000, 0.05)]
    [InlineData(12_000, 0.05)]
    [InlineData(300_000, 0.05)]
    [InlineData(3_000_000, 0.05)]
    public void An_estimate_is_within_three_standard_errors(int elements, double tolerance)
    {
        var sketch = new HyperLogLog();
        for (var round = 0; round < 2; round++)
        {
            for (var i = 0; i < elements; i++)
            {
                Add(sketch, i);
            }
        }

        Assert.True(tolerance <= 3.1 * StandardError);
        Assert.InRange(sketch.Estimate(), elements * (1 - tolerance), elements * (1 + tolerance));
    }

    [Fact]
    public void The_error_is_that_of_the_number_of_registers_and_to_neither_side()
    {
        var random = new Random(11);
        foreach (var elements in new[] { 500, 5_000, 20_000, 60_000 })
        {
            double sum = 0, squares = 0;
            const int Runs = 200;
            for (var run = 0; run < Runs; run++)
            {
                var sketch = new HyperLogLog();
                for (var i = 0; i < elements; i++)
                {
                    var (register, rank) = HyperLogLog.Of((ulong)random.NextInt64(long.MinValue, long.MaxValue));
                    sketch.Raise(register, rank);
                }

                var error = sketch.Estimate() / (double)elements - 1;
                sum += error;
                squares += error * error;
            }

            Assert.InRange(Math.Sqrt(squares / Runs), 0, 1.25 * StandardError);
            Assert.InRange(sum / Runs, -0.005, 0.005);
        }
    }

    [Fact]
    public void Sketches_merge_as_if_all_elements_had_come_to_one() =>
        Gen.Select(Gen.Int[0, 6_000], Gen.Int[0, 6_000], Gen.Int[0, 6_000]).Sample(
            static (to, from, end) =>
            {
                HyperLogLog one = new(), other = new(), both = new();
                for (var i = 0; i < to; i++)
                {
                    Add(one, i);
                    Add(both, i);
                }

                for (var i = from; i < from + end; i++)
                {
                    Add(other, i);
                    Add(both, i);
                }

                one.Merge(other);
                Assert.True(both.Ranks().SequenceEqual(one.Ranks()));
            },
            iter: 100);

    [Fact]
    public void What_is_written_is_read_back_by_either_writer_and_open_windows_hold_the_same()
    {
        int few = 0, all = 0;
        Gen.Select(Gen.Frequency((3, Gen.Int[1, 10]), (3, Gen.Int[10, 800]), (1, Gen.Int[800, 30_000])), Gen.Int[0, 1_000_000]).Sample(
            (elements, first) =>
            {
                var sketch = new HyperLogLog();
                var open = new OpenElements(new BlockHeap());
                var window = default(OpenWindow);
                for (var i = 0; i < elements; i++)
                {
                    Add(sketch, first + i);
                    open.Add(ref window, SetElement.Of(first + i));
                }

                var held = new HyperLogLog();
                open.CopyTo(window, held);
                Assert.True(sketch.Ranks().SequenceEqual(held.Ranks()));
                Assert.InRange(open.CountOf(window), sketch.Count, HyperLogLog.Size);
                var reopened = default(OpenWindow);
                open.CopyFrom(ref reopened, sketch);
                open.CopyTo(reopened, held);
                Assert.True(sketch.Ranks().SequenceEqual(held.Ranks()));
                Interlocked.Add(ref few, sketch.Count is > 3 and < 512 ? 1 : 0);
                Interlocked.Add(ref all, sketch.Count > 512 ? 1 : 0);

                var sink = new BitSink();
                sketch.Write(sink);
                var bytes = new byte[sketch.Count * 5 + 64];
                var writer = new BitWriter(bytes);
                sketch.Write(ref writer);
                Assert.Equal(sink.ToBytes().ToArray(), bytes.AsSpan(0, writer.Finish()).ToArray());
                var reader = new BitReader(sink.ToBytes());
                var read = new HyperLogLog();
                read.Read(ref reader, elements);
                Assert.True(reader.AtEnd && sketch.Ranks().SequenceEqual(read.Ranks()));
            },
            iter: 300);
        Assert.True(few > 20 && all > 20, $"{few} with few registers, {all} with all");
    }

    [Fact]
    public void Bits_that_are_no_registers_are_invalid_data()
    {
        Assert.Throws<InvalidDataException>(static () => Read(1, 2, 1, 1, 1, 1));
        Assert.Throws<InvalidDataException>(static () => Read(9, 1, HyperLogLog.Size + 1, 1));
        Assert.Throws<InvalidDataException>(static () => Read(9, 2, HyperLogLog.Size, 1, 1, 1));
        Assert.Throws<InvalidDataException>(static () => Read(9, 1, 1, HyperLogLog.MaxRank + 1));
        Assert.Throws<InvalidDataException>(static () => Read(long.MaxValue, HyperLogLog.Size + 1));
        Assert.Equal(HyperLogLog.MaxRank, Read(1, 1, HyperLogLog.Size, HyperLogLog.MaxRank).Ranks()[^1]);
    }

    [Theory]
    [InlineData(0, 0, 53)]
    [InlineData(ulong.MaxValue, 4095, 1)]
    [InlineData(1UL << 51, 0, 1)]
    [InlineData(1, 0, 52)]
    public void A_hash_chooses_its_register_by_its_highest_bits(ulong hash, int register, int rank) => Assert.Equal((register, (byte)rank), HyperLogLog.Of(hash));

    private static HyperLogLog Read(long points, params int[] numbers)
    {
        var sink = new BitSink();
        foreach (var number in numbers)
        {
            sink.WriteGamma((ulong)number);
        }

        var reader = new BitReader(sink.ToBytes());
        var read = new HyperLogLog();
        read.Read(ref reader, points);
        return read;
    }

    private static void Add(HyperLogLog sketch, int element)
    {
        var (register, rank) = HyperLogLog.Of(SetElement.Of(element));
        sketch.Raise(register, rank);
    }
}
