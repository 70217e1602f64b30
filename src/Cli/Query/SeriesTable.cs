using System.Globalization;
using OrleansMetrics.Cli.Display;
using OrleansMetrics.Cli.NodeApi;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace OrleansMetrics.Cli.Query;

/// <summary>The series of a metric as a table: a row for each series, or for each window of each series.</summary>
internal static class SeriesTable
{
    private static readonly string[] TotalColumns = [">total", ">sum", ">min", ">max"];

    private static readonly string[] WindowColumns = ["window", ">count", ">mean", ">min", ">max", ">last"];

    /// <param name="series">The series, in the node's order.</param>
    /// <param name="everyWindow">A row for each window, without lifetime totals; otherwise one row with the latest window.</param>
    /// <param name="interactive">See <see cref="PlainText.Table"/>.</param>
    public static IRenderable Render(IReadOnlyCollection<SeriesAnswer> series, bool everyWindow, bool interactive)
    {
        if (series.Count == 0)
        {
            return new Text("no series\n");
        }
        var probabilities = series.SelectMany(one => one.Windows).SelectMany(window => window.Quantiles.Keys)
            .Distinct(StringComparer.Ordinal).OrderBy(Probability).ToArray();
        var table = PlainText.Table(
            interactive, ["tags", .. everyWindow ? [] : TotalColumns, .. WindowColumns, .. probabilities.Select(probability => ">" + Percentile(probability))]);
        foreach (var one in series)
        {
            if (everyWindow)
            {
                foreach (var window in one.Windows)
                {
                    AddRow(table, [PlainText.Tags(one.Tags), .. WindowCells(window, probabilities)]);
                }
            }
            else
            {
                AddRow(table, [PlainText.Tags(one.Tags), .. TotalCells(one.Total), .. WindowCells(one.Windows.LastOrDefault(), probabilities)]);
            }
        }
        return table;
    }

    private static void AddRow(Table table, string[] cells) => table.AddRow(cells.Select(PlainText.Cell));

    private static string[] TotalCells(TotalAnswer? total) => total is null
        ? ["-", "-", "-", "-"]
        : [Numbers.Format(total.Count), Numbers.Format(total.Sum), Numbers.Format(total.Min), Numbers.Format(total.Max)];

    private static string[] WindowCells(WindowAnswer? window, string[] probabilities) => window is null
        ? ["-", "-", "-", "-", "-", "-", .. probabilities.Select(_ => "-")]
        :
        [
            Numbers.Format(window.Start) + (window.Final ? "" : " open"),
            Numbers.Format(window.Count), Numbers.Format(window.Mean), Numbers.Format(window.Min), Numbers.Format(window.Max), Numbers.Format(window.Last),
            .. probabilities.Select(probability => window.Quantiles.TryGetValue(probability, out var value) ? Numbers.Format(value) : "-"),
        ];

    private static string Percentile(string probability) =>
        double.TryParse(probability, CultureInfo.InvariantCulture, out var value) ? "p" + (value * 100).ToString("0.####", CultureInfo.InvariantCulture) : probability;

    private static double Probability(string text) => double.TryParse(text, CultureInfo.InvariantCulture, out var value) ? value : double.PositiveInfinity;
}
