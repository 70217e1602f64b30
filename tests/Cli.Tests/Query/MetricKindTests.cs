using System.Text.Json;
using OrleansMetrics.Cli.Demo;
using OrleansMetrics.Cli.Export;

namespace OrleansMetrics.Cli.Tests.Query;

public sealed class MetricKindTests
{
    [Fact]
    public async Task Counters_are_shown_with_their_rate_and_sets_with_their_different_elements()
    {
        await using var node = await EmbeddedNode.StartAsync(CancellationToken.None);
        using var http = new HttpClient { BaseAddress = node.Address };
        const string Body = """[{"metric":"sent","kind":"counter","value":20},{"metric":"users","kind":"set","value":"ann"},{"metric":"users","value":7},{"metric":"users","kind":"set","value":"ann"}]""";
        using var posted = await http.PostAsync(new Uri("/api/points", UriKind.Relative), new StringContent(Body));
        Assert.Equal(System.Net.HttpStatusCode.NoContent, posted.StatusCode);
        for (var i = 0; i < 600; i++)
        {
            using var stats = JsonDocument.Parse(await http.GetStringAsync(new Uri("/api/stats", UriKind.Relative)));
            if (stats.RootElement.GetProperty("processed").GetInt64() == 4)
            {
                break;
            }

            await Task.Delay(20);
        }

        var counter = await CommandLine.Cli.AtAsync(node.Address, "query", "sent");
        Assert.Contains("rate/s", counter.Output, StringComparison.Ordinal);
        var set = await CommandLine.Cli.AtAsync(node.Address, "query", "users");
        Assert.Contains("distinct", set.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("overflow", set.Output, StringComparison.Ordinal);

        var export = await CommandLine.Cli.AtAsync(node.Address, "export", "--from", "1h", "--to", "2100-01-01T00:00:00Z", "--step", "1h", "--agg", "rate,distinct");
        Assert.True(export.ExitCode == 0, export.Error);
        var lines = export.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.All(lines, static line => Assert.Equal(line.GetProperty("kind").GetString() == "set", line.TryGetProperty("distinct", out _)));
        Assert.Contains(lines, static line => line.TryGetProperty("rate", out var rate) && rate.GetDouble() > 0);
    }

    [Theory]
    [InlineData("gauge", "mean,count,p99")]
    [InlineData("counter", "mean,rate,count,p99")]
    [InlineData("set", "count,distinct")]
    public void An_export_asks_for_the_members_that_a_kind_has(string kind, string members)
    {
        var export = new WindowsExport(null, [], DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddDays(1), TimeSpan.FromMinutes(1), "mean,rate,count,distinct,p99");
        Assert.Equal(members, export.MembersOf(kind));
        Assert.Null(new WindowsExport(null, [], DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddDays(1), TimeSpan.FromMinutes(1), null).MembersOf(kind));
    }
}
