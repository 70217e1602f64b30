using BenchmarkDotNet.Attributes;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Benchmarks.Aggregation;

/// <summary>What a point costs that falls into an open window with a sketch; per point. Every operation is a whole round of all series.</summary>
[MemoryDiagnoser]
public class WindowUpdateBenchmarks
{
    private SeriesWorkload _workload = null!;
    private MetricAggregator _aggregator = null!;

    [GlobalSetup(Target = nameof(Thousand_series))]
    public void SetUpThousand() => SetUp(1_000);

    [GlobalSetup(Target = nameof(Hundred_thousand_series))]
    public void SetUpHundredThousand() => SetUp(100_000);

    [Benchmark(OperationsPerInvoke = 1_000)]
    public void Thousand_series() => _workload.Fill(_aggregator, 0, 1);

    [Benchmark(OperationsPerInvoke = 100_000)]
    public void Hundred_thousand_series() => _workload.Fill(_aggregator, 0, 1);

    private void SetUp(int series)
    {
        _workload = new SeriesWorkload(series);
        _aggregator = _workload.CreateAggregator();
        _workload.Fill(_aggregator, 0, 40);
    }
}
