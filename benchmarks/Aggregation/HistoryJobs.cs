using BenchmarkDotNet.Attributes;
using OrleansMetrics.Grains.Aggregation;
using OrleansMetrics.Grains.History;

namespace OrleansMetrics.Benchmarks.Aggregation;

/// <summary>What history costs per window of 10 s: an hour of 200 series is cut minute by minute, merged into columns and rolled up.</summary>
[MemoryDiagnoser]
public class HistoryJobs
{
    private const int Series = 200;
    private const int Size = 10_000;
    private const int WindowsPerChunk = 6;
    private const int WindowsPerSeries = 360;
    private const int Windows = Series * WindowsPerSeries;

    private readonly List<byte[]> _rows = [];
    private MetricAggregator _lastMinute = null!;
    private byte[] _columns = null!;

    [Params(1, 10, 30, 100)]
    public int PointsPerWindow { get; set; }

    /// <summary>In the aggregator's turn.</summary>
    [Benchmark(OperationsPerInvoke = Series * WindowsPerChunk)]
    public int Cut() => _lastMinute.WriteRows(EndOf(WindowsPerSeries - WindowsPerChunk), EndOf(WindowsPerSeries)).Bytes.Length;

    /// <summary>Once an hour, elsewhere.</summary>
    [Benchmark(OperationsPerInvoke = Windows)]
    public int Merge() => Run(0, _rows).Length;

    /// <summary>Once an hour, elsewhere.</summary>
    [Benchmark(OperationsPerInvoke = Windows)]
    public int RollUp() => Run(60_000, [_columns]).Length;

    [GlobalSetup]
    public void Setup()
    {
        var load = new MetricLoad(Series, PointsPerWindow, slices: 29);
        _lastMinute = load.CreateAggregator();
        for (var window = 1; window <= WindowsPerSeries; window++)
        {
            load.Apply(_lastMinute, EndOf(window) - Size);
            if (window % WindowsPerChunk == 0)
            {
                _rows.Add(_lastMinute.WriteRows(EndOf(window - WindowsPerChunk), EndOf(window)).Bytes.ToArray());
            }
        }

        _columns = Run(0, _rows);
        Console.WriteLine($"// bytes per window: {_rows.Sum(static rows => rows.Length) / (double)Windows:0.0} in rows, {_columns.Length / (double)Windows:0.0} in columns");
    }

    private static long EndOf(int window) => 1_800_000_000_000 + (long)window * Size;

    private static byte[] Run(int step, List<byte[]> inputs)
    {
        var job = new HistoryJob { Inputs = new ChunkEntry[inputs.Count], From = long.MinValue, To = long.MaxValue, Step = step, OutputId = 0 };
        return HistoryMerge.Run(job, inputs) is { } made ? made.Bytes : throw new InvalidOperationException("No window was merged.");
    }
}
