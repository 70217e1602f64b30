using System.Text.Json;
using OrleansMetrics.Cli.Tests.Nodes;

namespace OrleansMetrics.Cli.Tests.Load;

public sealed class LoadRoundTripTests
{
    private static readonly string[] Small = ["load", "--points", "20500", "--lines-per-request", "1000", "--metrics", "3", "--series", "1500", "--json"];

    [Theory]
    [InlineData("now")]
    [InlineData("none")]
    public async Task A_verified_load_finds_no_difference_over_several_pages(string timestamps)
    {
        await using var node = await StubNode.StartAsync();

        var (exitCode, report, error) = await RunAsync(node, "--verify", "--timestamps", timestamps);

        Assert.Equal((0, ""), (exitCode, error));
        Assert.Equal(20_500, report.GetProperty("pointsAccepted").GetInt64());
        Assert.Equal(21, report.GetProperty("requests").GetInt64());
        Assert.Equal(0, report.GetProperty("verification").GetProperty("differences").GetInt64());
        Assert.Equal(20_500, report.GetProperty("verification").GetProperty("foundPoints").GetInt64());
        Assert.Equal(4_500, report.GetProperty("verification").GetProperty("series").GetInt64());
        Assert.Contains(node.Queries, query => query.Contains("after=1000", StringComparison.Ordinal));
        Assert.Equal(Environment.ProcessId, report.GetProperty("server").GetProperty("pid").GetInt32());
        Assert.True(report.GetProperty("server").GetProperty("settled").GetBoolean());
        Assert.Equal(timestamps == "now", node.Bodies.First().Split('\n')[0].Split(' ').Length == 3);
    }

    [Fact]
    public async Task A_lost_point_is_found_and_named()
    {
        await using var node = await StubNode.StartAsync();
        node.LoseFirst = 1;

        var (exitCode, report, error) = await RunAsync(node, "--verify", "--prefix", "lossy");

        Assert.Equal(1, exitCode);
        Assert.True(report.GetProperty("verification").GetProperty("differences").GetInt64() > 0);
        Assert.Contains("lossy_metric_00 host=server-0000: ", report.GetProperty("verification").GetProperty("examples").ToString(), StringComparison.Ordinal);
        Assert.Contains("series differ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_prefix_in_use_cannot_be_verified()
    {
        await using var node = await StubNode.StartAsync();
        await RunAsync(node, "--prefix", "twice");

        var (exitCode, _, error) = await RunAsync(node, "--prefix", "twice", "--verify");

        Assert.Equal(2, exitCode);
        Assert.Contains("choose another --prefix", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Overload_is_retried_and_counted()
    {
        await using var node = await StubNode.StartAsync();
        node.Overloads = 5;

        var (exitCode, report, _) = await RunAsync(node, "--verify");

        Assert.Equal((0, 5L), (exitCode, report.GetProperty("retries").GetInt64()));
        Assert.Equal(0, report.GetProperty("pointErrors").GetInt64());
    }

    [Theory]
    [InlineData("now")]
    [InlineData("none")]
    public async Task A_request_whose_answer_is_lost_is_repeated_and_counted_once(string timestamps)
    {
        await using var node = await StubNode.StartAsync();
        node.LostAnswers = 3;
        node.LostRequests = 2;

        var (exitCode, report, error) = await RunAsync(node, "--verify", "--timestamps", timestamps);

        Assert.Equal((0, ""), (exitCode, error));
        Assert.Equal((5L, 3L), (report.GetProperty("retries").GetInt64(), report.GetProperty("replays").GetInt64()));
        Assert.Equal((20_500L, 0L), (report.GetProperty("pointsAccepted").GetInt64(), report.GetProperty("pointsUncertain").GetInt64()));
        Assert.Equal(0, report.GetProperty("verification").GetProperty("differences").GetInt64());
        Assert.Equal(21, node.IdempotencyKeys.Distinct().Count());
        Assert.All(node.IdempotencyKeys, key => Assert.InRange(key.Length, 1, 255));
    }

    [Fact]
    public async Task Without_keys_a_lost_answer_leaves_the_points_uncertain()
    {
        await using var node = await StubNode.StartAsync();
        node.LostAnswers = 1;

        var (exitCode, report, _) = await RunAsync(node, "--without-keys");

        Assert.Equal((1, 0L), (exitCode, report.GetProperty("retries").GetInt64()));
        Assert.Equal((19_500L, 1_000L), (report.GetProperty("pointsAccepted").GetInt64(), report.GetProperty("pointsUncertain").GetInt64()));
        Assert.Empty(node.IdempotencyKeys);
    }

    [Theory]
    [InlineData("Overloaded", false)]
    [InlineData("Log failed", true)]
    [InlineData("Bad gateway", true)]
    public async Task Timestamps_are_fresh_only_while_nothing_can_have_been_counted(string title, bool same)
    {
        await using var node = await StubNode.StartAsync();
        node.Overloads = 1;
        node.OverloadTitle = title;

        var (exitCode, _, _) = await RunAsync(node, "--connections", "1");

        Assert.Equal(0, exitCode);
        var (key, body) = node.Refused.Single();
        Assert.Equal(key, node.IdempotencyKeys.First());
        Assert.Equal(same, body == node.Bodies.First());
    }

    [Fact]
    public async Task Two_loads_do_not_share_keys()
    {
        await using var node = await StubNode.StartAsync();
        await RunAsync(node, "--timestamps", "none");
        await RunAsync(node, "--timestamps", "none");

        Assert.Equal((42, 41_000L), (node.IdempotencyKeys.Distinct().Count(), node.Accepted));
    }

    [Fact]
    public async Task A_node_that_does_not_come_to_rest_is_not_verified_but_reported()
    {
        await using var node = await StubNode.StartAsync();
        node.InFlight = 7;

        var (exitCode, report, error) = await RunAsync(node, "--verify", "--settle", "300ms");

        Assert.Equal((1, 20_500L), (exitCode, report.GetProperty("pointsAccepted").GetInt64()));
        Assert.Contains("not verified: after 0 s 7 points are in flight", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rejected_points_are_errors_with_their_cause()
    {
        await using var node = await StubNode.StartAsync();
        node.Refuse = true;

        var (exitCode, report, error) = await RunAsync(node);

        Assert.Equal((1, 20_500L), (exitCode, report.GetProperty("pointErrors").GetInt64()));
        Assert.Contains("HTTP 400, Some lines were rejected", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_compressed_load_arrives_whole()
    {
        await using var node = await StubNode.StartAsync();

        Assert.Equal(0, (await RunAsync(node, "--gzip", "--verify")).ExitCode);
        Assert.Equal(20_500, node.Accepted);
    }

    [Fact]
    public async Task A_duration_alone_ends_a_paced_load()
    {
        await using var node = await StubNode.StartAsync();

        var run = await CommandLine.Cli.AtAsync(
            node.Address, "load", "--duration", "500ms", "--rate", "10000", "--lines-per-request", "100", "--metrics", "2", "--series", "50", "--json");

        Assert.Equal(0, run.ExitCode);
        using var report = JsonDocument.Parse(run.Output);
        // Half a second's worth, and one second's worth to catch up at most, however slow the machine is.
        Assert.InRange(report.RootElement.GetProperty("pointsAccepted").GetInt64(), 100, 16_000);
    }

    [Fact]
    public async Task The_report_for_people_has_every_figure()
    {
        await using var node = await StubNode.StartAsync();

        var run = await CommandLine.Cli.AtAsync(node.Address, "load", "--points", "1000", "--verify");

        Assert.Equal(0, run.ExitCode);
        Assert.All(
            (string[])["points sent", "points/s", "p99", "loader CPU", "server CPU", "resident", "no difference"],
            figure => Assert.Contains(figure, run.Output, StringComparison.Ordinal));
    }

    private static async Task<(int ExitCode, JsonElement Report, string Error)> RunAsync(StubNode node, params string[] more)
    {
        var run = await CommandLine.Cli.AtAsync(node.Address, [.. Small, .. more]);
        return (run.ExitCode, run.Output.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(run.Output), run.Error);
    }
}
