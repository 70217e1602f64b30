using BenchmarkDotNet.Attributes;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Benchmarks.Aggregation;

/// <summary>The sketch alone: 1,000 log-uniform values over four powers of e.</summary>
[MemoryDiagnoser]
public class ExponentialHistogramBenchmarks
{
    private const int Values = 1_000;

    private readonly double[] _values = new double[Values];
    private readonly ExponentialHistogram _filled = new();
    private readonly ExponentialHistogram _scratch = new();
    private byte[] _encoded = [];

    [GlobalSetup]
    public void SetUp()
    {
        var random = new Random(1);
        for (var i = 0; i < Values; i++)
        {
            _values[i] = Math.Exp(random.NextDouble() * 4);
            _filled.Add(_values[i]);
        }

        _encoded = new byte[_filled.MaxEncodedLength];
        _filled.Encode(_encoded);
    }

    [Benchmark(OperationsPerInvoke = Values)]
    public void Add()
    {
        _scratch.Clear();
        foreach (var value in _values)
        {
            _scratch.Add(value);
        }
    }

    [Benchmark]
    public void Merge()
    {
        _scratch.Clear();
        _scratch.Merge(_filled);
    }

    [Benchmark]
    public double Quantile() => _filled.Quantile(0.99);

    [Benchmark]
    public int Encode() => _filled.Encode(_encoded);

    [Benchmark]
    public int Decode() => _scratch.Decode(_encoded);
}
