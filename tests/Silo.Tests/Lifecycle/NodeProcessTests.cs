using System.Globalization;
using System.Text.RegularExpressions;
using OrleansMetrics.Silo.Tests.Nodes;

namespace OrleansMetrics.Silo.Tests.Lifecycle;

public sealed partial class NodeProcessTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task It_prints_its_address_and_two_lines_that_work_when_they_are_copied()
    {
        await using var node = await NodeProcess.StartAsync(_directory.Path);

        var sent = await ShellAsync((await node.WaitForOutputAsync(SendLine())).Groups[1].Value);
        Assert.Contains("204 No Content", sent, StringComparison.Ordinal);
        await node.Client.SettleAsync();
        var read = await ShellAsync((await node.WaitForOutputAsync(ReadLine())).Groups[1].Value);
        Assert.Contains("\"total\":{\"count\":1,\"sum\":1,\"min\":1,\"max\":1}", read, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(_directory.Path, "data", "log", "state")), "The data is in ./data.");

        node.Terminate();
        Assert.True(await node.WaitForExitAsync() == 0, node.ToString());
        Assert.Equal("", node.Errors);
    }

    [Fact]
    public async Task A_node_told_to_stop_under_load_counts_exactly_what_it_has_acknowledged()
    {
        await using var node = await NodeProcess.StartAsync(_directory.Path);
        await using var load = Load.Start(node.Address);
        await load.UnderWayAsync(300, node.ToString);

        node.Terminate();
        await load.EndAsync();

        Assert.True(await node.WaitForExitAsync() == 0, node.ToString());
        Assert.Equal("", node.Errors);
        var final = FinalStatistics().Match(node.Output);
        Assert.True(final.Success, node.ToString());
        var points = load.Acknowledged.Count * Load.PointsPerRequest;
        Assert.Equal(
            (points, points, points, 0, 0, "balanced"),
            (Number(final, "accepted"), Number(final, "total"), Number(final, "processed"), Number(final, "dropped"), Number(final, "inFlight"), final.Groups["balance"].Value));

        await using var again = await NodeProcess.StartAsync(_directory.Path);
        var stats = await again.Client.SettleAsync();
        Assert.Equal((points, points), (stats.Number("accepted"), stats.Number("processed")));
        var counted = await again.Client.CountPointsAsync("load_*");
        Assert.Empty(load.FindFaults(counted));
        Assert.Equal(load.Acknowledged.Order(), counted.Keys.Order());
        await AssertSumsAsync(again, load.Acknowledged);
    }

    [Fact]
    public async Task A_node_killed_under_load_has_every_acknowledged_request_once_and_no_request_in_part()
    {
        // Snapshots and trimming go on all the time, so that the end comes between them.
        string[] settings = ["--Flush:Interval=00:00:00.1", "--Partitions:Count=4"];
        await using var node = await NodeProcess.StartAsync(_directory.Path, settings);
        await using var load = Load.Start(node.Address);
        await load.UnderWayAsync(300, node.ToString);

        node.Kill();
        await load.EndAsync();
        Assert.NotEqual(0, await node.WaitForExitAsync());

        await using var again = await NodeProcess.StartAsync(_directory.Path, settings);
        var stats = await again.Client.SettleAsync();
        var counted = await again.Client.CountPointsAsync("load_*");
        Assert.Empty(load.FindFaults(counted));
        Assert.Equal((counted.Values.Sum(), counted.Values.Sum()), (stats.Number("accepted"), stats.Number("processed")));
        await AssertSumsAsync(again, counted.Keys);
    }

    [Fact]
    public async Task Requests_with_keys_sent_again_to_a_node_that_was_killed_are_counted_once_each()
    {
        string[] settings = ["--Flush:Interval=00:00:00.1", "--Partitions:Count=4"];
        await using var node = await NodeProcess.StartAsync(_directory.Path, settings);
        await using var load = Load.Start(node.Address, keyed: true);
        await load.UnderWayAsync(300, node.ToString);
        node.Kill();
        await load.EndAsync();
        Assert.NotEmpty(load.Unacknowledged);

        await using var again = await NodeProcess.StartAsync(_directory.Path, settings);
        var replayed = await load.RepeatAsync(again.Address);

        Assert.Superset(load.Acknowledged, replayed);
        var stats = await again.Client.SettleAsync();
        var counted = await again.Client.CountPointsAsync("load_*");
        var requests = load.Acknowledged.Union(load.Unacknowledged).ToHashSet();
        Assert.Equal(requests.Order(StringComparer.Ordinal), counted.Keys.Order(StringComparer.Ordinal));
        Assert.All(counted.Values, static points => Assert.Equal(Load.PointsPerRequest, points));
        Assert.Equal(
            (requests.Count * Load.PointsPerRequest, replayed.Count * Load.PointsPerRequest), ((int)stats.Number("accepted"), (int)stats.Number("repeated")));
        await AssertSumsAsync(again, counted.Keys);
    }

    [Fact]
    public async Task A_node_told_to_stop_while_it_starts_ends_quietly()
    {
        await using var node = NodeProcess.Launch(_directory.Path, "--urls", "http://127.0.0.1:0");
        await node.WaitForOutputAsync(LogOpened());

        node.Terminate();

        Assert.True(await node.WaitForExitAsync() == 0, node.ToString());
        Assert.Equal("", node.Errors);
    }

    // The catalogue's counts alone would not show a point that was exchanged for another.
    private static async Task AssertSumsAsync(NodeProcess node, IEnumerable<string> metrics)
    {
        foreach (var metric in metrics.Order(StringComparer.Ordinal).Where(static (_, i) => i % 10 == 0))
        {
            var series = (await node.Client.GetAsync($"/api/metrics/{metric}")).List("series");
            Assert.Equal(Load.SumPerRequest, series.Sum(static one => one.GetProperty("total").Value("sum")));
        }
    }

    private static async Task<string> ShellAsync(string line)
    {
        using var shell = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("/bin/sh", ["-c", line]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = await shell.StandardOutput.ReadToEndAsync();
        await shell.WaitForExitAsync();
        Assert.True(shell.ExitCode == 0, $"{line}: exit code {shell.ExitCode}: {await shell.StandardError.ReadToEndAsync()}");
        return output;
    }

    private static int Number(Match match, string group) => int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"send a point:\s+(curl .*)")]
    private static partial Regex SendLine();

    [GeneratedRegex(@"read it back:\s+(curl .*)")]
    private static partial Regex ReadLine();

    [GeneratedRegex("Opened the point log")]
    private static partial Regex LogOpened();

    [GeneratedRegex(
        @"Final statistics\. This run: received \d+, accepted (?<accepted>\d+), repeated 0, rejected 0, flushes \d+, errors 0\. "
        + @"Since the log was created: accepted (?<total>\d+), processed (?<processed>\d+), dropped (?<dropped>\d+), in flight (?<inFlight>\d+); (?<balance>.*)\.")]
    private static partial Regex FinalStatistics();
}
