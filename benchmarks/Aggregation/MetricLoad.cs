using System.Buffers.Binary;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Series;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Benchmarks.Aggregation;

/// <summary>Slices of one metric: series in a fixed random order, several points in a row for each.</summary>
internal sealed class MetricLoad
{
    private const int BaseTimeOffset = 24;

    private readonly byte[][] _slices;
    private long _position;

    /// <param name="series">How many.</param>
    /// <param name="pointsPerSeries">Of each slice.</param>
    /// <param name="value">The next value of a series; latencies by default.</param>
    /// <param name="slices">How many different slices there are, which come in turn.</param>
    public MetricLoad(int series, int pointsPerSeries, Func<int, Random, double>? value = null, int slices = 1)
    {
        var random = new Random(42);
        var keys = Enumerable.Range(0, series).Select(static i => SeriesKey.Encode([new Tag("host", $"host-{i:d6}"), new Tag("region", $"eu-{i % 7}")])).ToArray();
        var order = Enumerable.Range(0, series).ToArray();
        random.Shuffle(order);
        Points = series * pointsPerSeries;

        value ??= Latency;
        Definitions = Build(keys, [], [], random);
        ulong[] ids = [.. order.SelectMany(at => Enumerable.Repeat(SeriesKey.Hash(keys[at]), pointsPerSeries))];
        _slices = [.. Enumerable.Range(0, slices).Select(_ => Build([], ids, [.. order.SelectMany(at => Enumerable.Range(0, pointsPerSeries).Select(_ => value(at, random)))], random))];
    }

    public static WindowSettings Settings { get; } = new(10_000, 10_000, 6, [0.5, 0.9, 0.99]);

    public int Points { get; }

    private byte[] Definitions { get; }

    public MetricAggregator CreateAggregator()
    {
        var aggregator = new MetricAggregator(Settings);
        aggregator.Apply(new SliceReader(Definitions), ++_position, 0);
        return aggregator;
    }

    /// <summary>Applies the next slice to the window that begins at a time.</summary>
    public void Apply(MetricAggregator aggregator, long windowStart)
    {
        var slice = _slices[++_position % _slices.Length];
        BinaryPrimitives.WriteInt64LittleEndian(slice.AsSpan(BaseTimeOffset), windowStart);
        aggregator.Apply(new SliceReader(slice), _position, windowStart + 5_000);
    }

    /// <summary>Gauges, as of temperature or load: around a level of each series, up and down by a tenth.</summary>
    public static double Gauge(int series, Random random) => (10 + series % 977) * (0.9 + 0.2 * random.NextDouble());

    /// <summary>Latencies: log-normal, a median of 20 and a long tail.</summary>
    public static double Latency(int series, Random random) => NextValue(random);

    /// <summary>Latencies: log-normal, a median of 20 and a long tail.</summary>
    public static double NextValue(Random random)
    {
        var normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        return 20 * Math.Exp(0.8 * normal);
    }

    private static byte[] Build(byte[][] keys, ulong[] ids, double[] values, Random random)
    {
        var writer = new PointBatchWriter("benchmark"u8);
        var columns = writer.BeginSlice("latency"u8, MetricKind.Gauge, ids.Length, keys.Length, keys.Sum(static key => key.Length), 0, wideTimes: false);
        foreach (var key in keys)
        {
            columns.AddDefinition(SeriesKey.Hash(key), key);
        }

        for (var i = 0; i < ids.Length; i++)
        {
            columns.Ids[i] = ids[i];
            columns.Values[i] = values[i];
            columns.Times[i] = random.Next(10_000);
        }

        return PointBatch.TryParse(writer.Finish(0), out var batch, out var error) ? batch.Slices[0].ToArray() : throw new InvalidOperationException(error);
    }
}
