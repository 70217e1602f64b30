using System.Text.Json;
using OrleansMetrics.Cli.NodeApi;
using OrleansMetrics.Cli.Tests.Nodes;

namespace OrleansMetrics.Cli.Tests.Query;

public sealed class QueryRoundTripTests
{
    [Fact]
    public async Task Metrics_are_listed_and_their_series_shown()
    {
        await using var node = await LoadedNodeAsync();

        var list = await CommandLine.Cli.AtAsync(node.Address, "query", "--match", "load_*");
        var show = await CommandLine.Cli.AtAsync(node.Address, "query", "load_metric_01", "--tag", "a b=c&d", "--limit", "2");

        Assert.Equal((0, 0), (list.ExitCode, show.ExitCode));
        Assert.Contains("load_metric_01", list.Output, StringComparison.Ordinal);
        Assert.Contains("host=server-0001,region=us,zone=b", show.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("server-0002", show.Output, StringComparison.Ordinal);
        Assert.Contains("more than 2 series", show.Error, StringComparison.Ordinal);
        Assert.Contains(node.Queries, query => query.StartsWith("?tag.a%20b=c%26d&limit=2", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Json_is_one_document_over_all_pages()
    {
        await using var node = await LoadedNodeAsync();

        var run = await CommandLine.Cli.AtAsync(node.Address, "query", "load_metric_00", "--json", "--limit", "5000");

        using var document = JsonDocument.Parse(run.Output);
        Assert.Equal(1_500, document.RootElement.GetProperty("series").GetArrayLength());
        Assert.Equal(JsonValueKind.Null, document.RootElement.GetProperty("next").ValueKind);
    }

    [Fact]
    public async Task Windows_are_asked_for_with_their_bounds()
    {
        await using var node = await LoadedNodeAsync();

        Assert.Equal(0, (await CommandLine.Cli.AtAsync(node.Address, "query", "load_metric_00", "--windows", "--from", "2026-01-01T00:00:00Z")).ExitCode);

        Assert.Contains(node.Queries, query => query.Contains("from=2026-01-01T00%3A00%3A00Z", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_unknown_metric_is_a_failure_that_names_it()
    {
        await using var node = await StubNode.StartAsync();

        foreach (var more in (string[][])[[], ["--json"], ["--windows"]])
        {
            var run = await CommandLine.Cli.AtAsync(node.Address, ["query", "no.such", .. more]);
            Assert.Equal((1, "error: the node knows no metric 'no.such'"), (run.ExitCode, run.Error.Trim()));
        }
    }

    [Fact]
    public async Task Statistics_fail_when_the_ledger_does_not_balance()
    {
        await using var node = await LoadedNodeAsync();
        var good = await CommandLine.Cli.AtAsync(node.Address, "stats");
        node.Missing = 3;
        var bad = await CommandLine.Cli.AtAsync(node.Address, "stats", "--json");

        Assert.Equal((0, 1), (good.ExitCode, bad.ExitCode));
        Assert.Contains("rejected: malformed", good.Output, StringComparison.Ordinal);
        Assert.Contains("cluster: 3 points are missing", bad.Error, StringComparison.Ordinal);
        Assert.False(JsonDocument.Parse(bad.Output).RootElement.GetProperty("balanced").GetBoolean());
    }

    [Fact]
    public void The_ledger_counts_every_reason_for_dropping_once()
    {
        const string Recorded = """
            {"received":30,"accepted":20,"processed":12,"late":3,"rejected":{"not_finite":10},"dropped":{"late":3,"poison":1},"inFlight":4,"flushes":1,"errors":0,
             "balanced":true,"partitions":[{"partition":0,"accepted":20,"head":9,"position":7,"recordsBehind":2}],"nodes":[{"node":"a","received":30,"accepted":20,"rejected":{"not_finite":10}}]}
            """;
        var stats = StatsAnswer.Read(JsonDocument.Parse(Recorded).RootElement);

        Assert.Equal((20L, 12L, 0L, true), (stats.Cluster.Accepted, stats.Cluster.Processed, stats.Cluster.Missing, stats.Balanced));
        Assert.Equal(("a", 30L), (stats.Nodes.Single().Node, stats.Nodes.Single().Received));
        Assert.Equal((0, 20L, 2L, true), (stats.Partitions.Single().Number, stats.Partitions.Single().Ledger.Accepted, stats.Partitions.Single().Lag, stats.Partitions.Single().Balanced));
        Assert.Throws<JsonException>(() => StatsAnswer.Read(JsonDocument.Parse("[]").RootElement));
    }

    [Fact]
    public async Task Watching_ends_after_the_count()
    {
        await using var node = await LoadedNodeAsync();

        var run = await CommandLine.Cli.AtAsync(node.Address, "watch", "load_metric_00", "--count", "2", "--interval", "100ms", "--limit", "1");

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(2, run.Output.Split("host=server-0000").Length - 1);
    }

    private static async Task<StubNode> LoadedNodeAsync()
    {
        var node = await StubNode.StartAsync();
        var load = await CommandLine.Cli.AtAsync(node.Address, "load", "--points", "3000", "--lines-per-request", "1000", "--metrics", "2", "--series", "1500", "--connections", "1");
        Assert.Equal(0, load.ExitCode);
        return node;
    }
}
