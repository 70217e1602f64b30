using System.Buffers;
using BenchmarkDotNet.Attributes;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Benchmarks.Aggregation;

/// <summary>A snapshot of 100,000 series with three windows each, two of them open.</summary>
[MemoryDiagnoser]
public class SnapshotBenchmarks
{
    private readonly ArrayBufferWriter<byte> _output = new(256 * 1024 * 1024);
    private MetricAggregator _aggregator = null!;
    private byte[] _snapshot = [];

    [Params(1, 10, 30)]
    public int PointsPerWindow { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        var workload = new SeriesWorkload(100_000);
        _aggregator = workload.CreateAggregator();
        for (var window = 0; window < 3; window++)
        {
            workload.Fill(_aggregator, window, PointsPerWindow);
        }

        Write();
        _snapshot = _output.WrittenSpan.ToArray();
        Console.WriteLine($"// {_snapshot.Length} bytes");
    }

    [Benchmark]
    public void Write()
    {
        _output.ResetWrittenCount();
        _aggregator.WriteSnapshot(_output);
    }

    [Benchmark]
    public MetricAggregator Read() => MetricAggregator.ReadSnapshot(_snapshot, SeriesWorkload.Settings);
}
