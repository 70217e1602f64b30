using System.CommandLine;
using System.Globalization;
using OrleansMetrics.Benchmarks.CommandLine;
using OrleansMetrics.Benchmarks.Load;
using OrleansMetrics.Benchmarks.Reports;

namespace OrleansMetrics.Benchmarks.Latency;

/// <summary><c>latency</c>: how soon acknowledged points can be queried, and how fast queries are, at rest and under load.</summary>
internal sealed class LatencyCommand
{
    private readonly Option<int[]> _rates = OptionValues.Numbers("--rates", "Points per second, one after the other; 0: at rest.", 0, 100_000, 300_000, 500_000, 1_000_000);
    private readonly Option<long> _seconds = OptionValues.Number("--seconds", "Time at each rate.", 15, 1);
    private readonly Option<long> _series = OptionValues.Number("--series", "Series of all metrics together.", 100_000, 1);
    private readonly Option<long> _metrics = OptionValues.Number("--metrics", "Metrics.", 20, 1);
    private readonly Option<bool> _markdown = OptionValues.Markdown();
    private readonly Option<string?> _plot = OptionValues.Plot("latency against load");
    private readonly NodeSelection _nodes = new();

    public static Command Define()
    {
        var latency = new LatencyCommand();
        var command = new Command("latency", "Measures a node's latencies at rest and under load.")
        {
            latency._rates, latency._seconds, latency._series, latency._metrics, latency._markdown, latency._plot,
        };
        foreach (var option in latency._nodes.Options)
        {
            command.Add(option);
        }
        command.SetAction(latency.Run);
        return command;
    }

    private int Run(ParseResult arguments)
    {
        using var stop = ConsoleStop.Listen();
        var shape = new LoadShape { Series = (int)arguments.GetValue(_series), Metrics = (int)arguments.GetValue(_metrics) };
        using var run = LatencyRun.Start(_nodes.Read(arguments)[0], shape, stop.Token);
        var (whole, bytes) = run.QueryWholeMetric(stop.Token);
        var points = new List<LatencyPoint>();
        foreach (var rate in arguments.GetValue(_rates)!)
        {
            points.Add(run.Measure(rate, TimeSpan.FromSeconds(arguments.GetValue(_seconds)), stop.Token));
            Console.Error.WriteLine($"{rate:N0} points/s: queryable after {points[^1].Visible.Median:0.00} ms, query {points[^1].Query.Median:0.00} ms (medians)");
        }
        if (arguments.GetValue(_markdown))
        {
            Console.WriteLine($"{RunDescription.Describe()}\n\n```sh\n{CommandText.Of("latency", arguments)}\n```\n");
        }
        Console.WriteLine(LatencyReport.Table(points));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{shape.TotalSeries:N0} series. A whole metric of {shape.SeriesPerMetric:N0} series, at rest: {whole.Median:0.0} ms (median), {bytes / 1024:N0} KiB."));
        if (arguments.GetValue(_plot) is { } file)
        {
            LatencyReport.Plot(points).Save(file);
        }
        return 0;
    }
}
