using System.Globalization;
using OrleansMetrics.Cli.Display;
using OrleansMetrics.Cli.NodeApi;
using OrleansMetrics.Cli.Query;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace OrleansMetrics.Cli.Watch;

/// <summary>What <c>watch</c> shows: the last answer that was good, and what is wrong now.</summary>
internal sealed class WatchView(string metric)
{
    private SeriesAnswer[] _series = [];
    private string? _problem;
    private bool _more;

    /// <summary>Takes a new answer; null: the node does not know the metric (yet).</summary>
    public void Update(MetricAnswer? answer)
    {
        _series = answer?.Series ?? [];
        _more = answer?.Next is not null;
        _problem = answer is null ? $"the node knows no metric '{metric}' yet" : null;
    }

    /// <summary>Keeps the last answer and shows the failure with it.</summary>
    public void Fail(string problem) => _problem = problem;

    /// <summary>The table as of the last update.</summary>
    public IRenderable Render(bool interactive)
    {
        var shown = _series.Any(static one => one.Windows.Any(static window => window.Distinct is not null))
            ? SeriesTable.Render(_series, everyWindow: false, interactive, int.MaxValue)
            : RenderValues(interactive);
        var note = _problem ?? (_more ? "there are more series; --limit or --tag selects others" : null);
        return note is null ? shown : new Rows(shown, PlainText.Cell(note));
    }

    private Table RenderValues(bool interactive)
    {
        var table = PlainText.Table(interactive, "tags", ">points", ">last", ">mean", ">min", ">max", "means", ">updated");
        if (interactive)
        {
            table.Title = new TableTitle(Markup.Escape(PlainText.Printable(metric)));
        }
        foreach (var one in _series)
        {
            var latest = one.Windows.LastOrDefault();
            var means = one.Windows.Select(window => window.Mean).OfType<double>().ToArray();
            table.AddRow(
                PlainText.Cell(PlainText.Tags(one.Tags)),
                PlainText.Cell(one.Total is null ? "-" : Numbers.Format(one.Total.Count)),
                PlainText.Cell(latest is null ? "-" : Numbers.Format(latest.Last)),
                PlainText.Cell(latest is null ? "-" : Numbers.Format(latest.Mean)),
                PlainText.Cell(latest is null ? "-" : Numbers.Format(latest.Min)),
                PlainText.Cell(latest is null ? "-" : Numbers.Format(latest.Max)),
                PlainText.Cell(Sparkline.Draw(means)),
                PlainText.Cell(latest is null ? "-" : latest.LastUpdated.UtcDateTime.ToString("HH:mm:ss'Z'", CultureInfo.InvariantCulture)));
        }
        return table;
    }
}
