using System.Globalization;
using OrleansMetrics.Cli.Display;
using OrleansMetrics.Cli.NodeApi;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace OrleansMetrics.Cli.Query;

/// <summary>The series of a metric as a table: a row for each series, or for each window of each series.</summary>
internal static class SeriesTable
{
    /// <summary>Columns of the terminal below which only the most telling figures are shown.</summary>
    private const int WideEnough = 150;

    private static readonly (string Heading, bool Always, Func<TotalAnswer, string> Text)[] TotalColumns =
    [
        (">total", true, total => Numbers.Format(total.Count)), (">sum", false, total => Numbers.Format(total.Sum)),
        (">min", false, total => Numbers.Format(total.Min)), (">max", false, total => Numbers.Format(total.Max)),
    ];

    private static readonly (string Heading, bool Always, Func<WindowAnswer, string> Text)[] WindowColumns =
    [
        ("window", true, window => Numbers.Format(window.Start) + (window.Final ? "" : " open")),
        (">count", true, window => Numbers.Format(window.Count)), (">mean", true, window => Numbers.Format(window.Mean)),
        (">min", false, window => Numbers.Format(window.Min)), (">max", false, window => Numbers.Format(window.Max)),
        (">last", true, window => Numbers.Format(window.Last)),
    ];

    private static readonly (string Heading, bool Always, Func<WindowAnswer, string> Text) Rate = (">rate/s", true, window => Numbers.Format(window.Rate));

    /// <param name="series">The series, in the node's order.</param>
    /// <param name="everyWindow">A row for each window, without lifetime totals; otherwise one row with the latest window.</param>
    /// <param name="interactive">See <see cref="PlainText.Table"/>.</param>
    /// <param name="width">Columns of the terminal.</param>
    public static IRenderable Render(IReadOnlyCollection<SeriesAnswer> series, bool everyWindow, bool interactive, int width)
    {
        if (series.Count == 0)
        {
            return new Text("no series\n");
        }
        var totals = everyWindow ? [] : TotalColumns.Where(column => column.Always || width >= WideEnough).ToArray();
        if (series.Any(one => one.Windows.Any(window => window.Distinct is not null)))
        {
            return RenderSet(series, everyWindow, interactive);
        }

        var hasRate = series.Any(one => one.Windows.Any(window => window.Rate is not null));
        var windows = WindowColumns.Where(column => column.Always || width >= WideEnough).Concat(hasRate ? [Rate] : []).ToArray();
        var probabilities = series.SelectMany(one => one.Windows).SelectMany(window => window.Quantiles.Keys)
            .Distinct(StringComparer.Ordinal).OrderBy(Probability).ToArray();
        var table = PlainText.Table(interactive, [
            "tags", .. totals.Select(column => column.Heading), .. windows.Select(column => column.Heading),
            .. probabilities.Select(probability => ">" + Percentile(probability)),
        ]);
        foreach (var one in series)
        {
            IEnumerable<WindowAnswer?> shown = everyWindow ? one.Windows : one.Windows.TakeLast(1).DefaultIfEmpty();
            foreach (var window in shown)
            {
                string[] cells =
                [
                    PlainText.Tags(one.Tags),
                    .. totals.Select(column => one.Total is { } total ? column.Text(total) : "-"),
                    .. windows.Select(column => window is null ? "-" : column.Text(window)),
                    .. probabilities.Select(probability =>
                        window is not null && window.Quantiles.TryGetValue(probability, out var value) ? Numbers.Format(value) : "-"),
                ];
                table.AddRow(cells.Select(PlainText.Cell));
            }
        }
        return table;
    }

    private static Table RenderSet(IReadOnlyCollection<SeriesAnswer> series, bool everyWindow, bool interactive)
    {
        var table = PlainText.Table(interactive, ["tags", ">total", "window", ">count", ">distinct"]);
        foreach (var one in series)
        {
            foreach (var window in everyWindow ? one.Windows : one.Windows.TakeLast(1))
            {
                string[] cells =
                [
                    PlainText.Tags(one.Tags), one.Total is { } total ? Numbers.Format(total.Count) : "-", Numbers.Format(window.Start) + (window.Final ? "" : " open"),
                    Numbers.Format(window.Count), window.Distinct is { } distinct ? Numbers.Format(distinct) : "-",
                ];
                table.AddRow(cells.Select(PlainText.Cell));
            }
        }

        return table;
    }

    private static string Percentile(string probability) =>
        double.TryParse(probability, CultureInfo.InvariantCulture, out var value) ? "p" + (value * 100).ToString("0.####", CultureInfo.InvariantCulture) : probability;

    private static double Probability(string text) => double.TryParse(text, CultureInfo.InvariantCulture, out var value) ? value : double.PositiveInfinity;
}
