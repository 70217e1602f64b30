using OrleansMetrics.Cli.Display;
using OrleansMetrics.Cli.NodeApi;
using Spectre.Console;

namespace OrleansMetrics.Cli.Demo;

/// <summary>The totals of the scenario's series, per metric and host.</summary>
internal sealed class DemoAggregates
{
    private const double SumTolerance = 1e-9;

    private readonly Dictionary<(string Metric, string Host), SeriesAnswer> _series;

    private DemoAggregates(Dictionary<(string Metric, string Host), SeriesAnswer> series) => _series = series;

    /// <summary>Reads the series of the scenario's metrics whose only tag is one of its hosts.</summary>
    public static async Task<DemoAggregates> ReadAsync(NodeClient node, CancellationToken cancellationToken)
    {
        var hosts = Enumerable.Range(0, DemoScenario.Producers).Select(DemoScenario.Host).ToHashSet(StringComparer.Ordinal);
        var found = new Dictionary<(string, string), SeriesAnswer>();
        foreach (var metric in DemoScenario.Metrics)
        {
            await foreach (var series in node.GetAllSeriesAsync(metric, [], cancellationToken))
            {
                if (series.Tags.Count == 1 && series.Tags.TryGetValue("host", out var host) && hosts.Contains(host))
                {
                    found[(metric, host)] = series;
                }
            }
        }
        return new DemoAggregates(found);
    }

    /// <summary>What is wrong with the increase since an earlier reading; empty when every series has exactly the scenario's points.</summary>
    public IEnumerable<string> DifferencesFromScenario(DemoAggregates earlier)
    {
        for (var producer = 0; producer < DemoScenario.Producers; producer++)
        {
            foreach (var metric in DemoScenario.Metrics)
            {
                var key = (metric, DemoScenario.Host(producer));
                var (wantedCount, wantedSum) = DemoScenario.Expected(metric, producer);
                var before = earlier.TotalOf(key);
                var now = TotalOf(key);
                var sum = (now.Sum - before.Sum) ?? double.NaN;
                if (now.Count - before.Count != wantedCount || !(Math.Abs(sum - wantedSum) <= SumTolerance * Math.Abs(now.Sum ?? 0)))
                {
                    yield return $"{metric} host={key.Item2}: {now.Count - before.Count} points with sum {Numbers.Format(sum)}"
                        + $" instead of {wantedCount} with {Numbers.Format(wantedSum)}";
                }
            }
        }
    }

    /// <summary>The table of final aggregates.</summary>
    public Table Render(bool interactive)
    {
        var table = PlainText.Table(interactive, "metric", "host", ">count", ">sum", ">mean", ">min", ">max", ">p50", ">p99");
        foreach (var metric in DemoScenario.Metrics)
        {
            for (var producer = 0; producer < DemoScenario.Producers; producer++)
            {
                var key = (metric, DemoScenario.Host(producer));
                var total = TotalOf(key);
                var window = _series.GetValueOrDefault(key)?.Windows.LastOrDefault();
                string[] cells =
                [
                    metric, key.Item2, Numbers.Format(total.Count), Numbers.Format(total.Sum), Numbers.Format(total.Count == 0 ? 0 : total.Sum / total.Count),
                    Numbers.Format(total.Min), Numbers.Format(total.Max), Quantile(window, "0.5"), Quantile(window, "0.99"),
                ];
                table.AddRow(cells.Select(PlainText.Cell));
            }
        }
        return table;
    }

    private TotalAnswer TotalOf((string Metric, string Host) key) => _series.GetValueOrDefault(key)?.Total ?? new TotalAnswer(0, 0, 0, 0);

    private static string Quantile(WindowAnswer? window, string probability) =>
        window is not null && window.Quantiles.TryGetValue(probability, out var value) ? Numbers.Format(value) : "-";
}
