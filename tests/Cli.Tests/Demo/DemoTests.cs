using OrleansMetrics.Cli.Demo;
using OrleansMetrics.Cli.Tests.Nodes;

namespace OrleansMetrics.Cli.Tests.Demo;

public sealed class DemoTests
{
    [Fact]
    public async Task The_scenario_ends_with_exactly_20000_points()
    {
        await using var node = await StubNode.StartAsync();
        node.Overloads = 3;

        var run = await CommandLine.Cli.AtAsync(node.Address, "demo");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Contains("processed 20,000", run.Output, StringComparison.Ordinal);
        Assert.Equal(1_000, node.Total("net.tx", "host=server-3").Count);
    }

    [Fact]
    public async Task The_scenario_on_the_real_node_ends_with_exactly_20000_points_in_exact_aggregates()
    {
        var run = await CommandLine.Cli.RunAsync(EmbeddedNode.StartAsync, ["demo"]);

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Contains("received 20,000, accepted 20,000, processed 20,000, late 0, rejected 0, in flight 0", run.Output, StringComparison.Ordinal);
        Assert.Matches(@"net\.tx\s+server-3\s+1,000\s+253150\s+253\.15\s+3\.4\s+502\.9", run.Output);
    }

    [Fact]
    public async Task A_node_with_history_is_judged_by_what_the_scenario_added()
    {
        await using var node = await StubNode.StartAsync();
        await CommandLine.Cli.AtAsync(node.Address, "demo");

        Assert.Equal(0, (await CommandLine.Cli.AtAsync(node.Address, "demo")).ExitCode);
        Assert.Equal(40_000, node.Accepted);
    }

    [Fact]
    public async Task A_node_of_its_own_is_started_stopped_and_disposed()
    {
        await using var stub = await StubNode.StartAsync();
        var own = new OwnNode(stub, lost: 0);

        var run = await CommandLine.Cli.RunAsync(_ => Task.FromResult<RunningNode>(own), ["demo"]);

        Assert.Equal((0, true, true), (run.ExitCode, own.Stopped, own.Disposed));
    }

    [Fact]
    public async Task A_missing_point_fails_the_demo()
    {
        await using var stub = await StubNode.StartAsync();

        var run = await CommandLine.Cli.RunAsync(_ => Task.FromResult<RunningNode>(new OwnNode(stub, lost: 1)), ["demo"]);

        Assert.Equal((1, "error: 19999 points processed instead of 20000"), (run.ExitCode, run.Error.Trim()));
    }

    [Fact]
    public void The_scenario_has_a_thousand_points_for_each_metric_and_host()
    {
        Assert.All(DemoScenario.Metrics, metric => Assert.Equal(1_000, DemoScenario.Expected(metric, 2).Count));
        Assert.Equal((4999 * 0.1) + 3, DemoScenario.Value(3, 4999));
    }

    private sealed class OwnNode(StubNode stub, long lost) : RunningNode
    {
        public bool Stopped { get; private set; }

        public bool Disposed { get; private set; }

        public override Uri Address => stub.Address;

        public override Task<FinalStatistics> StopAsync(CancellationToken cancellationToken = default)
        {
            Stopped = true;
            return Task.FromResult(new FinalStatistics
            {
                Received = stub.Accepted,
                Accepted = stub.Accepted,
                Processed = stub.Accepted - lost,
                Late = 0,
                Rejected = 2,
                InFlight = 0,
                Flushes = 1,
                Errors = 0,
            });
        }

        public override ValueTask DisposeAsync()
        {
            Disposed = true;
            return ValueTask.CompletedTask;
        }
    }
}
