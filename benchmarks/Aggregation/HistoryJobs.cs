using BenchmarkDotNet.Attributes;
using OrleansMetrics.Grains.Aggregation;
using OrleansMetrics.Grains.History;

namespace OrleansMetrics.Benchmarks.Aggregation;

/// <summary>What history costs per window of 10 s: an hour of 200 series is cut minute by minute, merged and rolled up.</summary>
[MemoryDiagnoser]
public class HistoryJobs
{
    private const int Series = 200;
    private const int Size = 10_000;
    private const int WindowsPerChunk = 6;
    private const int WindowsPerSeries = 360;
    private const int Windows = Series * WindowsPerSeries;

    private readonly List<byte[]> _minutes = [];
    private MetricAggregator _lastMinute = null!;
    private byte[] _lastRows = null!;
    private byte[] _hour = null!;

    [Params(1, 10, 30, 100)]
    public int PointsPerWindow { get; set; }

    /// <summary>In the aggregator's turn.</summary>
    [Benchmark(OperationsPerInvoke = Series * WindowsPerChunk)]
    public int Cut() => _lastMinute.WriteRows(EndOf(WindowsPerSeries - WindowsPerChunk), EndOf(WindowsPerSeries)).Bytes.Length;

    /// <summary>Beside that turn.</summary>
    [Benchmark(OperationsPerInvoke = Series * WindowsPerChunk)]
    public int Pack() => HistoryMerge.ToColumns(_lastRows).Length;

    /// <summary>Once an hour, elsewhere.</summary>
    [Benchmark(OperationsPerInvoke = Windows)]
    public int Merge() => Run(0, _minutes).Length;

    /// <summary>Once an hour, elsewhere.</summary>
    [Benchmark(OperationsPerInvoke = Windows)]
    public int RollUp() => Run(60_000, [_hour]).Length;

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
                _lastRows = _lastMinute.WriteRows(EndOf(window - WindowsPerChunk), EndOf(window)).Bytes;
                _minutes.Add(HistoryMerge.ToColumns(_lastRows));
            }
        }

        _hour = Run(0, _minutes);
        Console.WriteLine($"// bytes per window: {_lastRows.Length / (double)(Series * WindowsPerChunk):0.0} in rows, "
            + $"{_minutes.Sum(static minute => minute.Length) / (double)Windows:0.0} in chunks of a minute, {_hour.Length / (double)Windows:0.0} in one of an hour");
    }

    private static long EndOf(int window) => 1_800_000_000_000 + (long)window * Size;

    internal static byte[] Run(int step, List<byte[]> inputs)
    {
        var job = new HistoryJob { Inputs = new ChunkEntry[inputs.Count], From = long.MinValue, To = long.MaxValue, Step = step, OutputId = 0 };
        return HistoryMerge.Run(job, inputs) is { } made ? made.Bytes : throw new InvalidOperationException("No window was merged.");
    }
}
