using CsCheck;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Series;
using OrleansMetrics.Grains.Aggregation;
using OrleansMetrics.Grains.History.Chunks;

namespace OrleansMetrics.Grains.Tests.History;

/// <summary>The windows of one series as a test describes them: by their points.</summary>
internal sealed record WindowsOfSeries(int Series, bool Defined, PointsOfWindow[] Windows)
{
    private static readonly Gen<double> GenValue = Gen.Frequency(
        (4, Gen.Int[-4, 40].Select(static i => (double)i)),
        (3, Gen.Int[-400, 4_000].Select(static i => i / 100.0)),
        (2, Gen.Double[0, 100]),
        (1, Gen.Double.Where(double.IsFinite)),
        (1, Gen.Int[0, 7].Select(static i => new[] { 0.0, -0.0, 1e300, -1e300, double.Epsilon, double.MaxValue, 9e15, 0.1 }[i])));

    private static readonly Gen<double[]> GenValues = Gen.Frequency(
        (3, GenValue.Array[1, 8]),
        (3, GenValue.Array[9, 40]),
        (2, Gen.Select(GenValue, Gen.Int[1, 300], static (value, count) => Enumerable.Repeat(value, count).ToArray())),
        (2, Gen.Int[0, 100].Select(static i => i / 10.0).Array[10, 10]));

    public static readonly Gen<WindowsOfSeries> Any = Gen.Select(
        Gen.Int[0, 30],
        Gen.Frequency((9, Gen.Const(true)), (1, Gen.Const(false))),
        Gen.OneOf(Gen.Const(0L), Gen.Const(-200_000L), Gen.Const(1_750_000_000_000L)),
        Gen.Select(Gen.Frequency((6, Gen.Const(0)), (2, Gen.Int[1, 5]), (1, Gen.Int[1_000, 100_000])), Gen.Frequency((9, Gen.Const(10_000)), (1, Gen.Int[1, 70_000])), GenValues, Gen.Int[0, 1_000_000]).Array[1, 12],
        static (series, defined, from, raw) =>
        {
            var windows = new List<PointsOfWindow>();
            var end = from;
            foreach (var (gap, size, values, offset) in raw)
            {
                var start = end + (long)gap * size;
                windows.Add(new PointsOfWindow(start, size, [.. values.Select((value, i) => (value, (int)((offset + 7L * i) % size)))]));
                end = start + size;
            }

            return new WindowsOfSeries(series, defined, [.. windows]);
        });

    /// <summary>Series without repetition.</summary>
    public static readonly Gen<WindowsOfSeries[]> Many = Any.Array[0, 8].Select(static all => all.DistinctBy(static one => one.Series).ToArray());

    public byte[]? Key => Defined ? SeriesKey.Encode([new Tag("host", $"server-{Series}"), new Tag("region", "eu")]) : null;

    public ulong Id => Defined && Series % 2 == 0 ? SeriesKey.Hash(Key!) : (ulong)Series + 1;

    public WindowPool ToPool()
    {
        var pool = new WindowPool();
        foreach (var window in Windows)
        {
            window.Fill(pool.Take());
        }

        return pool;
    }

    public static byte[] ToChunk(IEnumerable<WindowsOfSeries> all)
    {
        var writer = new ChunkWriter(new SeriesColumns());
        foreach (var one in all)
        {
            writer.Write(one.Id, one.Key, one.ToPool());
        }

        return writer.Finish();
    }

    public override string ToString() => $"{Series}{(Defined ? "" : "?")}: {string.Join("; ", Windows.Select(static w => w.ToString()))}";
}

/// <summary>The points of a window in the order of arrival.</summary>
internal sealed record PointsOfWindow(long Start, int Size, (double Value, int Offset)[] Points)
{
    public void Fill(WindowState window)
    {
        (window.Start, window.Size, window.Count, window.LastOffset) = (Start, Size, Points.Length, -1);
        (window.Sum, window.Min, window.Max) = (0, double.PositiveInfinity, double.NegativeInfinity);
        window.Sketch.Clear();
        for (var i = 0; i < Points.Length; i++)
        {
            var (value, offset) = Points[i];
            window.Sketch.Add(value);
            window.Sum = i == 0 ? value : window.Sum + value;
            window.Min = i == 0 ? value : Math.Min(window.Min, value);
            window.Max = i == 0 ? value : Math.Max(window.Max, value);
            if (offset >= window.LastOffset)
            {
                (window.Last, window.LastOffset) = (value, offset);
            }
        }
    }

    public override string ToString() => $"{Start}+{Size}[{string.Join(' ', Points.Select(static p => $"{p.Value:R}@{p.Offset}"))}]";
}
