using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Benchmarks.Aggregation;

/// <summary>Memory of a metric with six retained and two open windows per series.</summary>
internal static class SeriesMemory
{
    private const int Series = 100_000;

    public static void Report(TextWriter output)
    {
        foreach (var points in (int[])[1, 2, 10, 100])
        {
            output.WriteLine($"{points} points a window: {Measure(points):n0} bytes per series");
        }
    }

    private static double Measure(int pointsPerWindow)
    {
        var load = new MetricLoad(Series, pointsPerWindow);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var aggregator = load.CreateAggregator();
        for (var window = 1; window <= 30; window++)
        {
            load.Apply(aggregator, window * 10_000);
        }

        var after = GC.GetTotalMemory(forceFullCollection: true);
        GC.KeepAlive(aggregator);
        GC.KeepAlive(load);
        return (after - before) / (double)Series;
    }
}
