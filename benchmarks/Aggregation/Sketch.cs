using BenchmarkDotNet.Attributes;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Benchmarks.Aggregation;

[MemoryDiagnoser]
public class Sketch
{
    private const int Values = 10_000;

    private readonly double[] _values = new double[Values];
    private readonly ExponentialHistogram _added = new();
    private readonly ExponentialHistogram _merged = new();
    private readonly ExponentialHistogram _full = new();

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(42);
        for (var i = 0; i < Values; i++)
        {
            _values[i] = MetricLoad.NextValue(random);
            _full.Add(_values[i]);
        }
    }

    [Benchmark(OperationsPerInvoke = Values)]
    public void Add()
    {
        _added.Clear();
        foreach (var value in _values)
        {
            _added.Add(value);
        }
    }

    [Benchmark]
    public void Merge()
    {
        _merged.Clear();
        _merged.Merge(_full);
    }

    [Benchmark]
    public double Quantile() => _full.Quantile(0.99, 0, double.MaxValue);
}
