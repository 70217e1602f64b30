using BenchmarkDotNet.Attributes;
using OrleansMetrics.Contracts.Points;

namespace OrleansMetrics.Benchmarks.Batching;

/// <summary>A batch in the steady state: points without definitions.</summary>
[MemoryDiagnoser]
public class Batch
{
    private const int Metrics = 20;
    private const int PointsPerMetric = 200;

    private readonly PointBatchWriter _writer = new("gateway-1"u8);
    private readonly ulong[] _ids = new ulong[PointsPerMetric];
    private readonly double[] _values = new double[PointsPerMetric];
    private readonly int[] _times = new int[PointsPerMetric];
    private readonly byte[][] _names = new byte[Metrics][];
    private byte[] _batch = [];

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(42);
        for (var i = 0; i < PointsPerMetric; i++)
        {
            _ids[i] = (ulong)random.NextInt64();
            _values[i] = random.NextDouble();
            _times[i] = random.Next(10_000);
        }

        for (var i = 0; i < Metrics; i++)
        {
            _names[i] = System.Text.Encoding.UTF8.GetBytes($"service.requests.{i}");
        }

        _batch = Encode();
    }

    [Benchmark(OperationsPerInvoke = Metrics * PointsPerMetric)]
    public byte[] Encode()
    {
        foreach (var name in _names)
        {
            var columns = _writer.BeginSlice(name, MetricKind.Gauge, PointsPerMetric, 0, 0, 1_750_000_000_000, wideTimes: false);
            _ids.CopyTo(columns.Ids);
            _values.CopyTo(columns.Values);
            _times.CopyTo(columns.Times);
        }

        return _writer.Finish(1_750_000_000_000);
    }

    [Benchmark(OperationsPerInvoke = Metrics * PointsPerMetric)]
    public long Decode()
    {
        if (!PointBatch.TryParse(_batch, out var batch, out var error))
        {
            throw new InvalidOperationException(error);
        }

        var sum = 0L;
        foreach (var bytes in batch.Slices)
        {
            var slice = new SliceReader(bytes.Span);
            var ids = slice.Ids;
            var times = slice.Times;
            for (var i = 0; i < ids.Length; i++)
            {
                sum += (long)ids[i] + times[i];
            }
        }

        return sum;
    }
}
