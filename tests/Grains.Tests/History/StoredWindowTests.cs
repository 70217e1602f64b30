using CsCheck;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.Aggregation;
using OrleansMetrics.Grains.History.Backup;
using OrleansMetrics.Grains.History.Chunks;

namespace OrleansMetrics.Grains.Tests.History;

public sealed class StoredWindowTests
{
    [Fact]
    public void A_window_comes_back_to_the_bit()
    {
        int raw = 0, sketches = 0;
        WindowsOfSeries.Any.Sample(
            one =>
            {
                var (pool, read) = (one.ToPool(), new WindowState());
                for (var i = 0; i < pool.Count; i++)
                {
                    Align(pool[i]);
                    var stored = StoredWindows.Describe(pool[i], new BitSink());
                    Assert.True(StoredWindows.TryRead(stored, isSet: false, read, out _, out var message), message);
                    AssertSame(pool[i], read);
                    Interlocked.Increment(ref stored.Values is null ? ref sketches : ref raw);
                }
            },
            iter: 2_000);
        Assert.True(raw > 1_000 && sketches > 1_000, $"{raw} with values, {sketches} with sketches");
    }

    [Fact]
    public void A_set_comes_back_with_all_registers()
    {
        var random = new Random(7);
        foreach (var elements in new[] { 1, 20, 5_000 })
        {
            var window = new WindowState { IsSet = true, Start = 60_000, Size = 60_000, Count = elements, LastOffset = 5 };
            for (var i = 0; i < elements; i++)
            {
                var (register, rank) = HyperLogLog.Of((ulong)random.NextInt64());
                window.Elements.Raise(register, rank);
            }

            var read = new WindowState();
            var stored = StoredWindows.Describe(window, new BitSink());
            Assert.True(StoredWindows.TryRead(stored, isSet: true, read, out _, out var message), message);
            Assert.Equal((window.Count, window.LastOffset, window.Elements.Count, window.Elements.Estimate()), (read.Count, read.LastOffset, read.Elements.Count, read.Elements.Estimate()));
            Assert.False(StoredWindows.TryRead(stored with { Sketch = null }, isSet: true, read, out _, out _));
            Assert.False(StoredWindows.TryRead(stored with { Sketch = [.. stored.Sketch!, 0, 0] }, isSet: true, read, out _, out _));
        }
    }

    [Fact]
    public void Values_of_any_number_make_a_sketch_and_equal_ones_need_none()
    {
        var random = new Random(3);
        var values = Enumerable.Range(0, 1_000).Select(_ => random.Next(1, 10_000) / 10.0).ToArray();
        var read = new WindowState();
        Assert.True(StoredWindows.TryRead(Window(values.Length, values[3], values), isSet: false, read, out _, out _));
        Assert.Equal((1_000, values.Sum(), values.Min(), values.Max()), (read.Count, read.Sum, read.Min, read.Max));
        Assert.Equal(values.Order().ElementAt(499), read.Sketch.Quantile(0.5, read.Min, read.Max), 0.011 * values.Order().ElementAt(499));

        Assert.True(StoredWindows.TryRead(Window(50, 7) with { Sum = 350, Min = 7, Max = 7 }, isSet: false, read, out _, out _));
        Assert.Equal((50, 350.0, 7.0), (read.Count, read.Sum, read.Sketch.Quantile(0.9, 7, 7)));
        Assert.True(StoredWindows.TryRead(Window(3, 7) with { Min = 7, Max = 7 }, isSet: false, read, out _, out _));
        Assert.Equal((3, 21.0), (read.Count, read.Sum));
    }

    [Fact]
    public void What_contradicts_itself_is_refused()
    {
        var good = Window(20, 5) with { Sum = 100, Min = 5, Max = 5 };
        StoredWindow[] bad =
        [
            good with { Count = 0 }, good with { Count = long.MaxValue }, good with { End = good.Start }, good with { Start = good.Start.AddMilliseconds(1) },
            good with { LastUpdated = good.End }, good with { LastUpdated = good.Start.AddSeconds(-1) }, good with { Last = 6 }, good with { Min = double.NaN, Max = double.NaN },
            good with { Max = double.PositiveInfinity, Sketch = [0x80] }, good with { Max = 6, Sketch = [0x80] }, good with { Sketch = [0x80, 0x00] }, good with { Sketch = [] },
            good with { Values = [5] }, Window(2, 5, 5, double.NaN), Window(2, 6, 5, 5), Window(2, 5) with { Min = 5, Max = 5, Sketch = [0x80] },
        ];
        var read = new WindowState();
        Assert.True(StoredWindows.TryRead(good, isSet: false, read, out _, out _));
        Assert.All(bad, window =>
        {
            Assert.False(StoredWindows.TryRead(window, isSet: false, read, out var reason, out var message), window.ToString());
            Assert.Equal("invalid", reason);
            Assert.NotEmpty(message);
        });
        Assert.False(StoredWindows.TryRead(good with { Max = 6 }, isSet: false, read, out var without, out _));
        Assert.Equal("no_sketch", without);
    }

    [Fact]
    public void A_damaged_sketch_is_refused_or_a_sketch()
    {
        var (read, refused) = (0, 0);
        Gen.Select(WindowsOfSeries.Any, Gen.Int, Gen.Byte).Sample(
            (one, at, value) =>
            {
                var pool = one.ToPool();
                for (var i = 0; i < pool.Count; i++)
                {
                    Align(pool[i]);
                    if (StoredWindows.Describe(pool[i], new BitSink()) is { Sketch: { Length: > 0 } sketch } stored)
                    {
                        sketch[(int)((uint)at % sketch.Length)] ^= value;
                        var window = new WindowState();
                        if (StoredWindows.TryRead(stored, isSet: false, window, out _, out _))
                        {
                            Interlocked.Increment(ref read);
                            Assert.Equal(stored.Count, window.Sketch.Count);
                        }
                        else
                        {
                            Interlocked.Increment(ref refused);
                        }
                    }
                }
            },
            iter: 3_000);
        Assert.True(read > 100 && refused > 100, $"{read} read, {refused} refused");
    }

    private static StoredWindow Window(long count, double last, params double[] values) => new()
    {
        Start = DateTimeOffset.UnixEpoch.AddHours(1),
        End = DateTimeOffset.UnixEpoch.AddHours(2),
        Count = count,
        Last = last,
        LastUpdated = DateTimeOffset.UnixEpoch.AddHours(1.5),
        Values = values.Length == 0 ? null : values,
    };

    /// <summary>The generator has windows that begin anywhere.</summary>
    private static void Align(WindowState window) => window.Start -= ((window.Start % window.Size) + window.Size) % window.Size;

    private static void AssertSame(WindowState one, WindowState other)
    {
        Assert.Equal((one.Start, one.Size, one.Count, one.LastOffset), (other.Start, other.Size, other.Count, other.LastOffset));
        Assert.Equal(new[] { one.Sum, one.Min, one.Max, one.Last }.Select(BitConverter.DoubleToInt64Bits), new[] { other.Sum, other.Min, other.Max, other.Last }.Select(BitConverter.DoubleToInt64Bits));
        foreach (var q in new[] { 0.01, 0.3, 0.5, 0.9, 0.99, 1 })
        {
            Assert.Equal(one.Sketch.Quantile(q, one.Min, one.Max), other.Sketch.Quantile(q, other.Min, other.Max));
        }
    }
}
