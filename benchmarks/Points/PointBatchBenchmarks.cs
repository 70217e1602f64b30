using BenchmarkDotNet.Attributes;
using OrleansMetrics.Contracts.Points;

namespace OrleansMetrics.Benchmarks.Points;

/// <summary>A batch of 3,000 points in 30 slices, about 60 KB; per point.</summary>
[MemoryDiagnoser]
public class PointBatchBenchmarks
{
    private const int Slices = 30;
    private const int PointsPerSlice = 100;

    private readonly PointBatchWriter _writer = new("bench"u8, 128 * 1024);
    private byte[] _batch = [];

    [GlobalSetup]
    public void SetUp() => _batch = Encode();

    [Benchmark(OperationsPerInvoke = Slices * PointsPerSlice)]
    public byte[] Encode()
    {
        for (var slice = 0; slice < Slices; slice++)
        {
            var columns = _writer.BeginSlice("requests.duration"u8, MetricKind.Gauge, PointsPerSlice, 0, 0, 1_700_000_000_000, false);
            for (var i = 0; i < PointsPerSlice; i++)
            {
                columns.Ids[i] = (ulong)i * 0x9E3779B97F4A7C15;
                columns.Values[i] = i;
                columns.Times[i] = i;
            }
        }

        return _writer.Finish(1_700_000_000_000);
    }

    [Benchmark(OperationsPerInvoke = Slices * PointsPerSlice)]
    public PointBatch? Decode() => PointBatch.TryParse(_batch, out var batch, out _) ? batch : null;
}
