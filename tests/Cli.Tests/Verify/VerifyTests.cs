using System.Text.Json;
using OrleansMetrics.Cli.NodeApi;
using OrleansMetrics.Cli.Stats;
using OrleansMetrics.Cli.Tests.Nodes;

namespace OrleansMetrics.Cli.Tests.Verify;

public sealed class VerifyTests
{
    [Fact]
    public async Task A_balanced_ledger_is_shown_by_partition_and_ends_well()
    {
        await using var node = await LoadedNodeAsync();
        node.Partitions = [Partition(1, accepted: 1_000, processed: 1_000), Partition(0, accepted: 2_000, processed: 1_990, late: 10)];

        var run = await CommandLine.Cli.AtAsync(node.Address, "verify");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        var lines = run.Output.Split('\n').Select(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToArray();
        Assert.Equal(["partition", "accepted", "processed", "dropped", "in", "flight", "missing", "head", "position", "lag", "checkpoint", "state"], lines[0]);
        Assert.Equal(["0", "2,000", "1,990", "late=10", "0", "0", "9", "7", "2", "5"], lines[1]);
        Assert.Equal(["1", "1,000", "1,000", "0", "0", "0", "9", "7", "2", "5"], lines[2]);
        Assert.Equal(["cluster", "3,000", "3,000", "0", "0", "0", "-", "-", "4", "-"], lines[3]);
        Assert.Equal("balanced: 3,000 points accepted, 3,000 processed, 0 dropped, 0 in flight", string.Join(' ', lines[4]));
    }

    [Theory]
    [InlineData(1_990, true, "partition 0: 10 points are missing, accepted 2000 - processed 1990 - dropped 0 - in flight 0 = 10")]
    [InlineData(2_003, true, "partition 0: 3 points too many")]
    [InlineData(2_000, false, "partition 0: the node says that it does not balance")]
    public async Task A_partition_that_does_not_balance_is_named_with_its_points(long processed, bool saysBalanced, string message)
    {
        await using var node = await LoadedNodeAsync();
        node.Partitions = [Partition(0, accepted: 2_000, processed, balanced: saysBalanced), Partition(1, accepted: 1_000, processed: 1_000)];

        var verify = await CommandLine.Cli.AtAsync(node.Address, "verify");
        var stats = await CommandLine.Cli.AtAsync(node.Address, "stats");

        Assert.Equal((1, 1), (verify.ExitCode, stats.ExitCode));
        Assert.Contains("NOT BALANCED", verify.Output, StringComparison.Ordinal);
        Assert.Contains(message, verify.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("partition 1", verify.Error, StringComparison.Ordinal);
        Assert.Equal(verify.Error, stats.Error);
    }

    [Theory]
    [InlineData("""{"accepted":5,"processed":4,"balanced":false}""", "cluster: 1 points are missing, accepted 5 - processed 4 - dropped 0 - in flight 0 = 1")]
    [InlineData("""{"accepted":5,"processed":5,"balanced":false}""", "cluster: the node says that it does not balance")]
    [InlineData("""{"accepted":5,"processed":5,"balanced":true,"partitions":[{"partition":0,"accepted":4,"processed":4}]}""", "cluster: 5 points are accepted, and 4 by the partitions")]
    [InlineData("""{"accepted":5,"processed":3,"inFlight":1,"dropped":{"late":1},"balanced":true,"partitions":[{"partition":0,"accepted":5,"processed":5}]}""", null)]
    [InlineData("""{"accepted":9,"processed":9,"balanced":true}""", null)]
    public void Sums_are_judged_too(string answer, string? problem) =>
        Assert.Equal(problem is null ? [] : [problem], Balance.Problems(StatsAnswer.Read(JsonDocument.Parse(answer).RootElement)));

    [Fact]
    public async Task Settling_waits_until_nothing_is_in_flight()
    {
        await using var node = await LoadedNodeAsync();
        node.InFlight = 40;
        node.OnStatistics = asked =>
        {
            if (asked == 3)
            {
                node.InFlight = 0;
            }
        };

        var run = await CommandLine.Cli.AtAsync(node.Address, "verify", "--settle", "30s");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
    }

    [Fact]
    public async Task A_node_that_does_not_settle_fails_with_what_is_in_flight()
    {
        await using var node = await LoadedNodeAsync();
        node.InFlight = 7;

        var run = await CommandLine.Cli.AtAsync(node.Address, "verify", "--settle", "200ms");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("balanced, but not at rest: after 0 s 7 points are in flight", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("verify")]
    [InlineData("verify", "--settle", "100ms")]
    [InlineData("verify", "--settle", "never")]
    [InlineData("verify", "--depth", "3")]
    public async Task What_cannot_be_checked_is_neither_balanced_nor_unbalanced(params string[] args)
    {
        var run = await CommandLine.Cli.AtAsync(new Uri("http://127.0.0.1:1"), args);

        Assert.Equal(2, run.ExitCode);
        Assert.NotEqual("", run.Error);
        Assert.Equal("", run.Output);
    }

    private static object Partition(int number, long accepted, long processed, long late = 0, bool balanced = true) => new
    {
        partition = number,
        head = 9,
        position = 7,
        recordsBehind = 2,
        checkpoint = 5,
        accepted,
        processed,
        inFlight = 0,
        dropped = new { late, poison_batch = 0 },
        balanced,
    };

    /// <summary>A node with 3,000 points.</summary>
    private static async Task<StubNode> LoadedNodeAsync()
    {
        var node = await StubNode.StartAsync();
        var load = await CommandLine.Cli.AtAsync(node.Address, "load", "--points", "3000", "--lines-per-request", "1000", "--metrics", "2", "--series", "1500", "--connections", "1");
        Assert.Equal(0, load.ExitCode);
        return node;
    }
}
