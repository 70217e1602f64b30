using System.Buffers;
using BenchmarkDotNet.Attributes;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Benchmarks.Aggregation;

/// <summary>100,000 series with six final and two open windows each.</summary>
[MemoryDiagnoser]
public class Snapshot
{
    private MetricAggregator _aggregator = null!;
    private ArrayBufferWriter<byte> _bytes = new();

    [Params(1, 10, 100)]
    public int PointsPerWindow { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var load = new MetricLoad(100_000, PointsPerWindow);
        _aggregator = load.CreateAggregator();
        for (var window = 1; window <= 12; window++)
        {
            load.Apply(_aggregator, window * 10_000);
        }

        _aggregator.WriteSnapshot(_bytes);
        Console.WriteLine($"// snapshot of {PointsPerWindow} points a window: {_bytes.WrittenCount:n0} bytes");
    }

    [Benchmark]
    public int Write()
    {
        var output = new ArrayBufferWriter<byte>(_bytes.WrittenCount);
        _aggregator.WriteSnapshot(output);
        return output.WrittenCount;
    }

    [Benchmark]
    public int Read() => MetricAggregator.ReadSnapshot(_bytes.WrittenSpan, MetricLoad.Settings).SeriesCount;
}
