using System.Buffers.Binary;
using System.Runtime.InteropServices;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Series;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Benchmarks.Aggregation;

/// <summary>Slices of one metric: every series in turn, in a random but fixed order, with log-uniform values over four powers of e.</summary>
internal sealed class SeriesWorkload
{
    public const int PointsPerSlice = 1_000;
    public const long WindowSize = 10_000;

    private readonly ulong[] _ids;
    private readonly byte[][] _keys;
    private readonly ReadOnlyMemory<byte>[] _slices;
    private long _position;
    private int _next;

    public SeriesWorkload(int series)
    {
        var random = new Random(1);
        _keys = [.. Enumerable.Range(0, series).Select(i => SeriesKey.Encode([new Tag("host", $"host-{i}"), new Tag("dc", "berlin")]))];
        _ids = Array.ConvertAll(_keys, key => SeriesKey.Hash(key));
        var order = Enumerable.Range(0, series).ToArray();
        random.Shuffle(order);
        _slices = new ReadOnlyMemory<byte>[Math.Max(series / PointsPerSlice, 1) * 4];
        for (var i = 0; i < _slices.Length; i++)
        {
            _slices[i] = CreateSlice(i * PointsPerSlice, order, random);
        }
    }

    public int Series => _ids.Length;

    public static WindowSettings Settings { get; } = new(WindowSize, 10_000, 6, [0.5, 0.95, 0.99]);

    /// <summary>An aggregator that knows all series.</summary>
    public MetricAggregator CreateAggregator()
    {
        var aggregator = new MetricAggregator(Settings);
        var writer = new PointBatchWriter("bench"u8);
        var columns = writer.BeginSlice("m"u8, MetricKind.Gauge, 0, _ids.Length, _keys.Sum(key => key.Length), 0, false);
        for (var i = 0; i < _ids.Length; i++)
        {
            columns.AddDefinition(_ids[i], _keys[i]);
        }

        aggregator.Apply(new SliceReader(Open(writer.Finish(0)).Span), ++_position, 0);
        return aggregator;
    }

    /// <summary>Applies the next slice, moved to a window.</summary>
    public void ApplyNext(MetricAggregator aggregator, long window)
    {
        var slice = _slices[_next];
        _next = (_next + 1) % _slices.Length;
        BinaryPrimitives.WriteInt64LittleEndian(MemoryMarshal.AsMemory(slice).Span[24..], window * WindowSize);
        aggregator.Apply(new SliceReader(slice.Span), ++_position, window * WindowSize);
    }

    /// <summary>Applies a number of points per series to a window.</summary>
    public void Fill(MetricAggregator aggregator, long window, int pointsPerSeries)
    {
        for (var i = 0; i < Series / PointsPerSlice * pointsPerSeries; i++)
        {
            ApplyNext(aggregator, window);
        }
    }

    private ReadOnlyMemory<byte> CreateSlice(int first, int[] order, Random random)
    {
        var writer = new PointBatchWriter("bench"u8);
        var columns = writer.BeginSlice("m"u8, MetricKind.Gauge, PointsPerSlice, 0, 0, 0, false);
        for (var i = 0; i < PointsPerSlice; i++)
        {
            columns.Ids[i] = _ids[order[(first + i) % order.Length]];
            columns.Values[i] = Math.Exp(random.NextDouble() * 4);
            columns.Times[i] = random.Next((int)WindowSize);
        }

        return Open(writer.Finish(0));
    }

    private static ReadOnlyMemory<byte> Open(byte[] bytes) =>
        PointBatch.TryParse(bytes, out var batch, out var error) ? batch.Slices[0] : throw new InvalidOperationException(error);
}
