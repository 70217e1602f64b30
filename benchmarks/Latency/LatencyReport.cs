using System.Globalization;
using OrleansMetrics.Benchmarks.Reports;
using OrleansMetrics.Benchmarks.Statistics;

namespace OrleansMetrics.Benchmarks.Latency;

/// <summary>Latencies against load.</summary>
internal static class LatencyReport
{
    /// <summary>A row per rate.</summary>
    public static string Table(IReadOnlyList<LatencyPoint> points)
    {
        var table = new TextTable(
            "points/s", "request p50, p99, ms", "acknowledged to queryable p50, p99, ms", "query of one series p50, p99, ms", "node CPU, probes included, ms/s", "others");
        foreach (var point in points)
        {
            table.Add(
                point.Request is null ? "at rest" : string.Create(CultureInfo.InvariantCulture, $"{point.PointsPerSecond:N0}"),
                point.Request is { } request ? Pair(request) : "",
                Pair(point.Visible),
                Pair(point.Query),
                string.Create(CultureInfo.InvariantCulture, $"{point.CpuMillisecondsPerSecond:N0}"),
                string.Create(CultureInfo.InvariantCulture, $"{point.OthersShare:P0}"));
        }
        return table.ToString();
    }

    /// <summary>Milliseconds against points per second.</summary>
    public static LinePlot Plot(IReadOnlyList<LatencyPoint> points) => new()
    {
        Title = "Latency against load",
        XTitle = "points/s",
        YTitle = "ms",
        YIsLogarithmic = true,
        Lines =
        [
            .. Lines("queryable", points, static point => point.Visible),
            .. Lines("query", points, static point => point.Query),
            .. Lines("request", [.. points.Where(static point => point.Request is not null)], static point => point.Request!),
        ],
    };

    private static IEnumerable<PlotLine> Lines(string name, IReadOnlyList<LatencyPoint> points, Func<LatencyPoint, Sample> sample) =>
    [
        new PlotLine(name + " p50", [.. points.Select(point => (point.PointsPerSecond, sample(point).Median))]),
        new PlotLine(name + " p99", [.. points.Select(point => (point.PointsPerSecond, sample(point).Quantile(0.99)))]),
    ];

    private static string Pair(Sample sample) => string.Create(CultureInfo.InvariantCulture, $"{sample.Median:0.00}, {sample.Quantile(0.99):0.00}");
}
