using System.Net;
using System.Text;
using System.Text.Json;
using OrleansMetrics.Silo.Tests.Nodes;

namespace OrleansMetrics.Silo.Tests.Hosting;

public sealed class MetricKindTests
{
    [Fact]
    public async Task Kinds_and_where_counters_stand_outlive_a_restart_and_points_of_another_kind_are_refused()
    {
        using var directory = new TemporaryDirectory();
        var start = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        await using (var node = await TestNode.StartAsync(directory.Path, "--Windows:Size=01:00:00"))
        {
            Assert.Equal(HttpStatusCode.NoContent, await PostAsync(node, Totals(start, (0, 100), (1, 130), (2, 20))));
            Assert.Equal(HttpStatusCode.NoContent, await PostAsync(node, """[{"metric":"sent","kind":"counter","value":3},{"metric":"sent","value":4},{"metric":"size","kind":"distribution","value":-1}]"""));
            Assert.Equal(HttpStatusCode.BadRequest, await PostAsync(node, """{"metric":"sent","kind":"gauge","value":3}"""));
            await node.Client.WriteAsync($"seen value=25 {start + 3}000000");
            await node.Client.SettleAsync();
            Assert.Equal((4, 55.0), await TotalOfAsync(node, "seen"));
            Assert.Equal((2, 7.0), await TotalOfAsync(node, "sent"));
            var kinds = (await node.Client.GetAsync("/api/metrics")).List("metrics").ToDictionary(static m => m.GetProperty("name").GetString()!, static m => m.GetProperty("kind").GetString());
            Assert.Equal(("cumulative_counter", "counter", "distribution"), (kinds["seen"], kinds["sent"], kinds["size"]));
            var windows = (await node.Client.GetAsync("/api/metrics/sent/windows?from=-2h&agg=rate&groupBy=*")).List("series").Single().List("windows");
            Assert.Equal(7.0, windows.Sum(static window => window.Value("rate")) * 3600, 1e-9);
            Assert.Equal(HttpStatusCode.BadRequest, await node.Client.StatusOfAsync("/api/metrics/size/windows?agg=rate"));
        }

        await using (var node = await TestNode.StartAsync(directory.Path, "--Windows:Size=01:00:00"))
        {
            Assert.Equal(HttpStatusCode.NoContent, await PostAsync(node, Totals(start, (4, 35))));

            // The gateway does not know yet; the aggregator does, and tells it.
            Assert.Equal(HttpStatusCode.NoContent, await PostAsync(node, """{"metric":"sent","kind":"gauge","value":3}"""));
            var stats = await node.Client.SettleAsync();
            Assert.Equal((9, 8, 1), (stats.Number("accepted"), stats.Number("processed"), stats.GetProperty("dropped").Number("kind_conflict")));
            Assert.Equal((5, 65.0), await TotalOfAsync(node, "seen"));
            var dropped = 1;
            await Eventually.ReadAsync(
                "A refusal",
                async () =>
                {
                    var status = await PostAsync(node, """{"metric":"sent","kind":"gauge","value":3}""");
                    dropped += status == HttpStatusCode.NoContent ? 1 : 0;
                    return status;
                },
                static status => status == HttpStatusCode.BadRequest,
                node.Log.ToString);
            Assert.Equal(HttpStatusCode.BadRequest, await PostAsync(node, """{"metric":"sent","value":-1}"""));
            Assert.Equal(HttpStatusCode.NoContent, await PostAsync(node, """{"metric":"sent","kind":"counter","value":1}"""));
            stats = await node.Client.SettleAsync();
            Assert.Equal((9, dropped), (stats.Number("processed"), stats.GetProperty("dropped").Number("kind_conflict")));
        }
    }

    [Fact]
    public async Task Elements_of_sets_are_counted_once_over_series_restarts_and_history()
    {
        using var directory = new TemporaryDirectory();
        string[] settings =
        [
            "--Windows:Size=00:00:00.2", "--Windows:AllowedLateness=00:00:00.2", "--Windows:Retained=1", "--Flush:Interval=00:00:00.2", "--Partitions:Count=2",
            "--History:ChunkInterval=00:00:01", "--History:ChunkWindows=0", "--History:Resolutions:0:Step=00:00:00.2", "--History:Resolutions:0:Keep=01:00:00",
        ];
        await using (var node = await TestNode.StartAsync(directory.Path, settings))
        {
            Assert.Equal(HttpStatusCode.NoContent, await PostAsync(node, Elements("home", 0, 40)));
            Assert.Equal(HttpStatusCode.NoContent, await PostAsync(node, Elements("home", 0, 40)));
            Assert.Equal(HttpStatusCode.NoContent, await PostAsync(node, Elements("shop", 30, 50)));
            await Eventually.ReadAsync(
                "Chunks in storage", () => node.Client.SettleAsync(), static stats => stats.Number("historyBytes") > 0, node.Log.ToString);
        }

        await using (var node = await TestNode.StartAsync(directory.Path, settings))
        {
            Assert.Equal(HttpStatusCode.NoContent, await PostAsync(node, Elements("shop", 45, 60)));
            await node.Client.SettleAsync();
            Assert.Equal("set", (await node.Client.GetAsync("/api/metrics/users")).GetProperty("kind").GetString());
            var days = (await node.Client.GetAsync("/api/metrics/users/windows?from=-1d&to=now&step=1d&groupBy=*&agg=count,distinct")).List("series").Single().List("windows").ToList();
            Assert.Equal(115, days.Sum(static day => day.Number("count")));
            Assert.InRange(days.Sum(static day => day.Number("distinct")), 59, days.Count == 1 ? 61 : 115);
            Assert.Equal(HttpStatusCode.BadRequest, await node.Client.StatusOfAsync("/api/metrics/users/windows?agg=sum"));
        }
    }

    private static string Elements(string page, int from, int to) =>
        JsonSerializer.Serialize(Enumerable.Range(from, to - from).Select(user => new { metric = "users", kind = "set", value = $"user-{user}", tags = new { page } }));

    private static string Totals(long start, params (int After, int Value)[] totals) =>
        JsonSerializer.Serialize(totals.Select(total => new { metric = "seen", kind = "cumulative_counter", value = total.Value, timestamp = start + total.After }));

    private static async Task<HttpStatusCode> PostAsync(TestNode node, string json)
    {
        using var response = await node.Client.PostAsync("/api/points", Encoding.UTF8.GetBytes(json), "application/json");
        return response.StatusCode;
    }

    private static async Task<(long Count, double Sum)> TotalOfAsync(TestNode node, string metric)
    {
        var total = (await node.Client.GetAsync("/api/metrics/" + metric)).List("series").Single().GetProperty("total");
        return (total.Number("count"), total.Value("sum"));
    }
}
