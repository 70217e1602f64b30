using OrleansMetrics.Cli.Display;
using OrleansMetrics.Cli.NodeApi;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace OrleansMetrics.Cli.Query;

/// <summary>The metrics of a node as a table.</summary>
internal static class CatalogueTable
{
    public static IRenderable Render(IReadOnlyCollection<CatalogueEntry> metrics, bool interactive)
    {
        if (metrics.Count == 0)
        {
            return new Text("no metrics\n");
        }
        var table = PlainText.Table(interactive, "metric", "kind", ">series", ">points");
        foreach (var metric in metrics)
        {
            table.AddRow(
                PlainText.Cell(metric.Name), PlainText.Cell(metric.Kind),
                PlainText.Cell(Numbers.Format(metric.Series)), PlainText.Cell(Numbers.Format(metric.Points)));
        }
        return table;
    }
}
