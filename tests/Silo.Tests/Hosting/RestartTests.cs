using System.Globalization;
using OrleansMetrics.Faults.Processes;
using OrleansMetrics.Silo.Tests.Nodes;

namespace OrleansMetrics.Silo.Tests.Hosting;

public sealed class RestartTests
{
    [Fact]
    public async Task Totals_and_windows_are_kept_across_restarts()
    {
        using var directory = new TemporaryDirectory();
        string[] expected = [];
        for (var run = 1; run <= 3; run++)
        {
            await using var node = await TestNode.StartAsync(directory.Path, "--Windows:Size=00:10:00");
            if (run > 1)
            {
                Assert.Equal(expected, await ReadAsync(node));
            }

            await node.Client.WriteAsync(string.Join('\n', Enumerable.Range(0, 200).Select(i => string.Create(
                CultureInfo.InvariantCulture, $"kept_{i % 20},host=h{i % 4} value={i * run}"))));
            expected = await ReadAsync(node);
            Assert.Equal(200 * run, (await node.Client.SettleAsync()).Number("accepted"));
        }
    }

    [Fact]
    public async Task Two_nodes_run_at_the_same_time_when_only_url_and_directory_differ()
    {
        using var first = new TemporaryDirectory();
        using var second = new TemporaryDirectory();
        var (a, b) = (FreePort.Next(), FreePort.Next());
        await using var one = await TestNode.StartAsync(first.Path, "--urls", $"http://127.0.0.1:{a}");
        await using var other = await TestNode.StartAsync(second.Path, "--urls", $"http://127.0.0.1:{b}");
        Assert.Equal((a + 21_920, b + 21_920), (one.GatewayPort, other.GatewayPort));

        await one.Client.WriteAsync("of_one value=1");
        await other.Client.WriteAsync("of_other value=2");

        await one.Client.SettleAsync();
        await other.Client.SettleAsync();
        Assert.Equal(["of_one"], (await one.Client.CountPointsAsync("*")).Keys);
        Assert.Equal(["of_other"], (await other.Client.CountPointsAsync("*")).Keys);
    }

    private static async Task<string[]> ReadAsync(TestNode node)
    {
        await node.Client.SettleAsync();
        var metrics = new List<string>();
        for (var i = 0; i < 20; i++)
        {
            metrics.Add((await node.Client.GetAsync($"/api/metrics/kept_{i}")).GetRawText());
        }

        return [.. metrics];
    }
}
