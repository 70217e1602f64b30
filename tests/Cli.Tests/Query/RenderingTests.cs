using System.Text.Json;
using OrleansMetrics.Cli.CommandLine;
using OrleansMetrics.Cli.Display;
using OrleansMetrics.Cli.NodeApi;
using OrleansMetrics.Cli.Query;
using OrleansMetrics.Cli.Watch;
using Spectre.Console.Rendering;

namespace OrleansMetrics.Cli.Tests.Query;

public sealed class RenderingTests
{
    private const string Recorded = """
        { "metric": "cpu.usage", "kind": "gauge", "later": true, "series": [ { "tags": {"region":"eu","host":"server-0"},
          "total": {"count":5000,"sum":1.5,"min":0.0,"max":1.0},
          "windows": [
            {"start":"2026-01-01T00:00:00Z","end":"2026-01-01T00:00:10Z","final":true,"count":5,"sum":1.0,"min":0.0,"max":0.5,
             "mean":0.2,"last":0.5,"lastUpdated":"2026-01-01T00:00:09.5Z","quantiles":{"0.5":0.2,"0.9":0.5,"0.99":0.5}},
            {"start":"2026-01-01T00:00:10Z","end":"2026-01-01T00:00:20Z","final":false,"count":7,"sum":1.0,"min":0.0,"max":0.5,
             "mean":0.3,"last":0.25,"lastUpdated":"2026-01-01T00:00:11Z","quantiles":{"0.999":0.75}} ] } ], "next": null }
        """;

    private const string Huge = """
        { "metric": "m", "kind": "gauge", "series": [ { "tags": {"evil":"[red]x[/] \u001b[2J\n"},
          "total": {"count":9223372036854775807,"sum":1.7976931348623157E+308,"min":-1.7976931348623157E+308,"max":5e-324},
          "windows": [ {"start":"0001-01-01T00:00:00Z","end":"9999-12-31T23:59:59Z","final":true,"count":1,"sum":null,"min":-1e20,"max":null,"mean":123456789.125,
            "last":-0.0000001,"lastUpdated":"2026-01-01T00:00:00Z","quantiles":{"0.5":null}} ] } ] }
        """;

    [Fact]
    public void A_series_is_a_row_with_totals_the_latest_window_and_all_quantiles()
    {
        var lines = Render(SeriesTable.Render(Parse(Recorded).Series, everyWindow: false, interactive: false));

        Assert.Equal(["tags", "total", "sum", "min", "max", "window", "count", "mean", "min", "max", "last", "p50", "p90", "p99", "p99.9"], Cells(lines[0]));
        Assert.Equal(
            ["host=server-0,region=eu", "5,000", "1.5", "0", "1", "2026-01-01T00:00:10Z", "open", "7", "0.3", "0", "0.5", "0.25", "-", "-", "-", "0.75"], Cells(lines[1]));
        Assert.Equal(2, lines.Length);
    }

    [Fact]
    public void Every_window_is_a_row_when_asked_for()
    {
        var lines = Render(SeriesTable.Render(Parse(Recorded).Series, everyWindow: true, interactive: false));

        Assert.Equal(3, lines.Length);
        Assert.Equal(["host=server-0,region=eu", "2026-01-01T00:00:00Z", "5", "0.2", "0", "0.5", "0.5", "0.2", "0.5", "0.5", "-"], Cells(lines[1]));
    }

    [Fact]
    public void Huge_numbers_and_hostile_tags_do_no_harm()
    {
        var lines = Render(SeriesTable.Render(Parse(Huge).Series, everyWindow: false, interactive: false));

        Assert.Contains("9,223,372,036,854,775,807", lines[1], StringComparison.Ordinal);
        Assert.Contains("1.79769e+308", lines[1], StringComparison.Ordinal);
        Assert.Equal(2, Cells(lines[1]).Count(cell => cell == "overflow"));
        Assert.Contains("-1e-7", lines[1], StringComparison.Ordinal);
        Assert.Contains("123,456,789.125", lines[1], StringComparison.Ordinal);
        Assert.Contains("evil=[red]x[/] ·[2J·", lines[1], StringComparison.Ordinal);
        Assert.Equal(2, lines.Length);
    }

    [Fact]
    public void Nothing_is_said_in_words()
    {
        Assert.Equal(["no series"], Render(SeriesTable.Render([], everyWindow: false, interactive: false)));
        Assert.Equal(["no metrics"], Render(CatalogueTable.Render([], interactive: false)));
        var bare = Parse("""{ "metric": "m", "series": [ { "tags": {} } ] }""");
        Assert.Equal(["-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-"], Cells(Render(SeriesTable.Render(bare.Series, false, false))[1]));
    }

    [Fact]
    public void Watching_shows_means_as_a_sparkline_and_keeps_the_last_answer_through_a_failure()
    {
        var view = new WatchView("cpu.usage");
        view.Update(Parse(Recorded));
        view.Fail("cannot reach it");

        var lines = Render(view.Render(interactive: false));

        Assert.Contains("▁█", lines[1], StringComparison.Ordinal);
        Assert.Equal("cannot reach it", lines[^1].Trim());
    }

    [Theory]
    [InlineData(new double[] { }, "")]
    [InlineData(new double[] { 5, 5, 5 }, "▃▃▃")]
    [InlineData(new double[] { 0, 1, 2, 3, 4, 5, 6, 7 }, "▁▂▃▄▅▆▇█")]
    [InlineData(new[] { double.MinValue, double.MaxValue, 0 }, "▁█▅")]
    public void Sparklines_span_the_values(double[] values, string drawn) => Assert.Equal(drawn, Sparkline.Draw(values));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1536, "1.5 KiB")]
    [InlineData(1e18, "888.2 PiB")]
    public void Bytes_have_units(double bytes, string text) => Assert.Equal(text, Numbers.FormatBytes(bytes));

    private static MetricAnswer Parse(string json) => JsonSerializer.Deserialize(json, AnswerJsonContext.Default.MetricAnswer)!;

    private static string[] Cells(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static string[] Render(IRenderable what)
    {
        using var output = new StringWriter();
        new CliServices(output, TextWriter.Null).Console.Write(what);
        return [.. output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.TrimEnd())];
    }
}
