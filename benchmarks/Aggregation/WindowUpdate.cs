using BenchmarkDotNet.Attributes;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Benchmarks.Aggregation;

/// <summary>A slice with points for every series of its metric, in random order of series.</summary>
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

    /// <summary>Into windows that are open.</summary>
    [Benchmark]
    public void SameWindow() => _load.Apply(_aggregator, _window);

    /// <summary>A window on every time, so that opening, packing, closing and dropping windows are part of it.</summary>
    [Benchmark]
    public void NextWindow() => Apply();

    private void Apply() => _load.Apply(_aggregator, _window += 10_000);
}
