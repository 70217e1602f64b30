using BenchmarkDotNet.Running;
using OrleansMetrics.Benchmarks.Aggregation;

if (args is ["memory"])
{
    // Not a benchmark of time: what a metric with many series weighs.
    SeriesMemory.Report(Console.Out);
    return;
}

BenchmarkSwitcher.FromAssembly(typeof(SeriesMemory).Assembly).Run(args);
