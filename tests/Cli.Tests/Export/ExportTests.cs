using System.Globalization;
using System.Text;
using System.Text.Json;
using OrleansMetrics.Cli.Demo;
using OrleansMetrics.Cli.Export;

namespace OrleansMetrics.Cli.Tests.Export;

public sealed class ExportTests
{
    [Fact]
    public async Task Windows_of_all_metrics_are_written_a_line_each_and_once()
    {
        await using var node = await EmbeddedNode.StartAsync(CancellationToken.None);
        using var http = new HttpClient { BaseAddress = node.Address };
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();

        // More series than a page has, and a metric with a name that has to be escaped.
        var lines = new StringBuilder();
        for (var host = 0; host < 120; host++)
        {
            lines.Append(CultureInfo.InvariantCulture, $"cpu,host=h{host} value={host} {now}\n");
        }

        using var posted = await http.PostAsync(new Uri("/write?precision=s", UriKind.Relative), new StringContent(lines.Append(CultureInfo.InvariantCulture, $"disk\\ use/all value=7 {now}\n").ToString()));
        Assert.Equal(System.Net.HttpStatusCode.NoContent, posted.StatusCode);
        await SettledAsync(http, 121);

        var run = await CommandLine.Cli.AtAsync(node.Address, "export", "--from", "1h", "--to", "2100-01-01T00:00:00Z", "--step", "1h");
        Assert.True(run.ExitCode == 0, run.Error);
        var windows = run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(windows.Count.ToString(CultureInfo.InvariantCulture) + " windows of 2 metrics", run.Error.Trim());
        var cpu = windows.Where(static window => window.GetProperty("metric").GetString() == "cpu").ToList();
        Assert.Equal(120, cpu.Select(static window => window.GetProperty("tags").GetProperty("host").GetString()).Distinct().Count());
        Assert.Equal(Enumerable.Range(0, 120).Sum(), cpu.Sum(static window => window.GetProperty("sum").GetDouble()));
        var other = windows.Single(static window => window.GetProperty("metric").GetString() == "disk use/all");
        Assert.Equal(("gauge", 1, 7.0), (other.GetProperty("kind").GetString(), other.GetProperty("count").GetInt32(), other.GetProperty("last").GetDouble()));

        run = await CommandLine.Cli.AtAsync(node.Address, "export", "--match", "disk*", "--from", "1h", "--to", "2100-01-01T00:00:00Z", "--step", "1h", "--agg", "mean,max");
        using var line = JsonDocument.Parse(run.Output);
        Assert.Equal(["metric", "kind", "tags", "start", "end", "final", "mean", "max"], line.RootElement.EnumerateObject().Select(static member => member.Name));
    }

    [Theory]
    [InlineData("--step=7s", "--step: 00:00:07 is not whole seconds that divide a day.")]
    [InlineData("--step=1500ms", "--step: 00:00:01.5000000 is not whole seconds that divide a day.")]
    [InlineData("--from=2100-01-01", "--to must be after --from.")]
    public async Task What_cannot_be_exported_is_refused(string option, string message)
    {
        var run = await CommandLine.Cli.AtAsync(new Uri("http://127.0.0.1:1"), "export", option);
        Assert.Equal((2, $"error: {message}"), (run.ExitCode, run.Error.Trim()));
    }

    [Theory]
    [InlineData("00:01:00", 3)]
    [InlineData("00:00:05", 49)]
    public void A_range_is_cut_where_days_or_hours_end(string step, int count)
    {
        var from = new DateTimeOffset(2026, 3, 1, 13, 7, 5, TimeSpan.Zero);
        var to = from.AddDays(2);
        var parts = WindowsExport.PartsOf(from, to, TimeSpan.Parse(step, CultureInfo.InvariantCulture)).ToList();
        Assert.Equal(count, parts.Count);
        Assert.Equal((from, to), (parts[0].From, parts[^1].To));
        Assert.All(parts.Zip(parts.Skip(1)), static pair => Assert.Equal(pair.First.To, pair.Second.From));
        Assert.All(parts.Skip(1), static part => Assert.Equal(0, part.From.Ticks % TimeSpan.TicksPerHour));
    }

    private static async Task SettledAsync(HttpClient http, long points)
    {
        for (var i = 0; i < 600; i++)
        {
            using var stats = JsonDocument.Parse(await http.GetStringAsync(new Uri("/api/stats", UriKind.Relative)));
            if (stats.RootElement.GetProperty("processed").GetInt64() >= points && stats.RootElement.GetProperty("inFlight").GetInt64() == 0)
            {
                return;
            }

            await Task.Delay(20);
        }

        Assert.Fail("The points were not processed.");
    }
}
