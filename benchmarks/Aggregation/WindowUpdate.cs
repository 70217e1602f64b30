using BenchmarkDotNet.Attributes;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Benchmarks.Aggregation;

/// <summary>A slice into the windows of its metric; every operation moves a window on, so that closing and pooling are part of it.</summary>
[MemoryDiagnoser]
public class WindowUpdate
{
    private MetricAggregator _aggregator = null!;
    private MetricLoad _load = null!;
    private long _window;

    [Params(1_000, 100_000)]
    public int Series { get; set; }

    [Params(1, 10)]
    public int PointsPerSeries { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _load = new MetricLoad(Series, PointsPerSeries);
        _aggregator = _load.CreateAggregator();
        for (var i = 0; i < 12; i++)
        {
            Apply();
        }
    }

    [Benchmark]
    public void Apply() => _load.Apply(_aggregator, _window += 10_000);
}
