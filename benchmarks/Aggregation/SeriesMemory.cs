using System.Runtime.CompilerServices;

namespace OrleansMetrics.Benchmarks.Aggregation;

/// <summary>Memory of a metric with six retained and two open windows per series.</summary>
internal static class SeriesMemory
{
    public static void Report(TextWriter output)
    {
        foreach (var (series, points) in ((int, int)[])[(100_000, 1), (100_000, 2), (100_000, 4), (100_000, 8), (100_000, 10), (100_000, 100), (1_000_000, 1), (1_000_000, 10)])
        {
            output.WriteLine($"{series:n0} series, {points} points a window: gauges {Measure(series, points, MetricLoad.Gauge):n0}, latencies {Measure(series, points, MetricLoad.Latency):n0} bytes per series");
        }
    }

    private static double Measure(int series, int pointsPerWindow, Func<int, Random, double> value)
    {
        var held = new object?[1];
        var load = Fill(held, series, pointsPerWindow, value);

        // Weighed by what goes with it: building the load leaves buffers in pools, which they leave when they like.
        var with = GC.GetTotalMemory(forceFullCollection: true);
        held[0] = null;
        var without = GC.GetTotalMemory(forceFullCollection: true);
        GC.KeepAlive(load);
        return (with - without) / (double)series;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static MetricLoad Fill(object?[] held, int series, int pointsPerWindow, Func<int, Random, double> value)
    {
        var load = new MetricLoad(series, pointsPerWindow, value);
        var aggregator = load.CreateAggregator();
        held[0] = aggregator;
        for (var window = 1; window <= 20; window++)
        {
            load.Apply(aggregator, window * 10_000);
        }

        return load;
    }
}
