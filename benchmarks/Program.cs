using System.Globalization;
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

if (args is ["sizes", var file, .. var rest])
{
    // What history takes, of points that were recorded.
    ChunkSizes.Report(file, rest is [var decimals] ? int.Parse(decimals, CultureInfo.InvariantCulture) : null, Console.Out);
    return 0;
}

BenchmarkSwitcher.FromAssembly(typeof(SeriesMemory).Assembly).Run(args);
return 0;
