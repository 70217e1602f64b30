using BenchmarkDotNet.Attributes;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Benchmarks.Aggregation;

/// <summary>A window's whole life, per point: opened, filled with some points per series, closed, kept and dropped again.</summary>
[MemoryDiagnoser]
public class WindowTurnoverBenchmarks
{
    private const int Series = 10_000;

    private SeriesWorkload _workload = null!;
    private MetricAggregator _aggregator = null!;
    private long _window;

    [GlobalSetup]
    public void SetUp()
    {
        _workload = new SeriesWorkload(Series);
        _aggregator = _workload.CreateAggregator();
        for (_window = 0; _window < 12; _window++)
        {
            _workload.Fill(_aggregator, _window, 30);
        }
    }

    [Benchmark(OperationsPerInvoke = Series)]
    public void One_point() => _workload.Fill(_aggregator, _window++, 1);

    [Benchmark(OperationsPerInvoke = Series * 10)]
    public void Ten_points() => _workload.Fill(_aggregator, _window++, 10);

    [Benchmark(OperationsPerInvoke = Series * 30)]
    public void Thirty_points() => _workload.Fill(_aggregator, _window++, 30);
}
