using BenchmarkDotNet.Running;
using OrleansMetrics.Benchmarks.Aggregation;
using OrleansMetrics.Benchmarks.CommandLine;

if (MeasuringCommands.Includes(args))
{
    return await MeasuringCommands.RunAsync(args);
}

if (args is ["memory"])
{
    // Not a benchmark of time: what a metric with many series weighs.
    SeriesMemory.Report(Console.Out);
    return 0;
}

BenchmarkSwitcher.FromAssembly(typeof(SeriesMemory).Assembly).Run(args);
return 0;
