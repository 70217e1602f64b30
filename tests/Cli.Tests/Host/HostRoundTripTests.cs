using OrleansMetrics.Cli.CommandLine;
using OrleansMetrics.Cli.Tests.Nodes;

namespace OrleansMetrics.Cli.Tests.Host;

public sealed class HostRoundTripTests
{
    [Fact]
    public async Task Samples_arrive_with_telegraf_names_and_all_tags()
    {
        await using var node = await StubNode.StartAsync();

        var run = await CommandLine.Cli.AtAsync(node.Address, "host", "--count", "3", "--interval", "100ms", "--tag", "rack=b4", "--tag", "host=me");

        Assert.Equal((ExitCode.Ok, ""), (run.ExitCode, run.Error));
        Assert.Contains("3 samples taken, 3 sent", run.Output, StringComparison.Ordinal);
        Assert.Equal(3, node.Total("mem_used_percent", "host=me,rack=b4").Count + node.Total("mem_used_percent", "rack=b4,host=me").Count);
        Assert.Superset(
            new HashSet<string> { "cpu_usage_user", "cpu_usage_idle", "mem_used_percent", "swap_used_percent", "system_load1", "processes_total", "net_bytes_recv_per_second" },
            node.Metrics.ToHashSet());
        Assert.Equal(3, node.IdempotencyKeys.Distinct().Count());
    }

    [Fact]
    public async Task A_full_node_gets_the_samples_later_and_each_once()
    {
        await using var node = await StubNode.StartAsync();
        node.Overloads = 2;

        var run = await CommandLine.Cli.AtAsync(node.Address, "host", "--count", "8", "--interval", "200ms", "--tag", "host=me");

        Assert.Equal(ExitCode.Ok, run.ExitCode);
        Assert.Contains("the node takes nothing (HTTP 503", run.Error, StringComparison.Ordinal);
        Assert.Contains("the node is back", run.Error, StringComparison.Ordinal);
        Assert.Equal(8, node.Total("mem_used_percent", "host=me").Count);
    }

    [Fact]
    public async Task An_absent_node_fails_a_counted_run_and_says_how_many_were_lost()
    {
        var run = await CommandLine.Cli.AtAsync(new Uri("http://127.0.0.1:1"), "host", "--count", "5", "--interval", "100ms", "--buffer", "2");

        Assert.Equal(ExitCode.Failure, run.ExitCode);
        Assert.Contains("5 samples taken, 0 sent (0 points), 3 dropped, 0 refused, 2 unsent", run.Output, StringComparison.Ordinal);
        Assert.Contains("error: 5 of 5 samples did not reach", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelling_an_endless_run_ends_it_well()
    {
        await using var node = await StubNode.StartAsync();
        using var stop = new CancellationTokenSource();
        var running = CommandLine.Cli.RunAsync(null, ["host", "--interval", "100ms", "--node", node.Address.ToString()], null, stop.Token);
        while (node.Bodies.IsEmpty)
        {
            await Task.Delay(10);
        }

        await stop.CancelAsync();

        var run = await running.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal((ExitCode.Ok, ""), (run.ExitCode, run.Error));
        Assert.Contains(" 0 unsent", run.Output, StringComparison.Ordinal);
    }
}
