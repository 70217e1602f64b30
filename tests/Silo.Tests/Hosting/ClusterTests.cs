using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using OrleansMetrics.Faults.Processes;
using OrleansMetrics.Silo.Tests.Nodes;
using OrleansMetrics.Streams.Redis.Tests;
using Xunit.Abstractions;

namespace OrleansMetrics.Silo.Tests.Hosting;

public sealed class ClusterTests(ITestOutputHelper output)
{
    private const int Metrics = 40;

    private static readonly string Lines = string.Join('\n', Enumerable.Range(0, Metrics).Select(static metric => $"steady.{metric},host=a value=1"));

    [SkippableFact]
    public async Task A_gateway_is_live_before_there_are_silos_and_ready_when_there_is_one()
    {
        using var redis = await RedisServer.StartAsync();
        await using var gateway = ClusterNode.LaunchGateway(redis.ConnectionString, "gateway");
        await Eventually.ReadAsync("live", () => StatusAsync(gateway, "/health/live"), static status => status == HttpStatusCode.OK, gateway.Log.ToString);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await gateway.Client.StatusOfAsync("/health/ready"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await gateway.Client.StatusOfAsync("/health/startup"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await gateway.Client.StatusOfAsync("/api/stats"));
        using (var refused = await gateway.Client.PostAsync("/write", "early value=1"u8.ToArray()))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            Assert.NotNull(refused.Headers.RetryAfter);
        }

        await using var silo = ClusterNode.LaunchSilo(redis.ConnectionString, "silo", "--Dashboard:Enabled=true");
        await ReadyAsync(silo);
        await ReadyAsync(gateway);
        Assert.Equal(HttpStatusCode.NotFound, await silo.Client.StatusOfAsync("/api/stats"));
        Assert.Equal(HttpStatusCode.OK, await silo.Client.StatusOfAsync("/metrics"));
        Assert.Equal(HttpStatusCode.OK, await silo.Client.StatusOfAsync("/dashboard/"));

        await gateway.Client.WriteAsync("first value=1");
        var metric = await gateway.Client.ReadMetricAsync("first");
        Assert.Equal(1, metric.GetProperty("series")[0].GetProperty("total").Number("count"));
    }

    [SkippableFact]
    public async Task Every_acknowledged_point_is_counted_once_while_silos_join_stop_and_are_killed()
    {
        using var redis = await RedisServer.StartAsync();
        using var directory = new TemporaryDirectory();
        await using var gateway = ClusterNode.LaunchGateway(redis.ConnectionString, "gateway");
        var first = ClusterNode.LaunchSilo(redis.ConnectionString, "silo-1");
        await ReadyAsync(first);
        await ReadyAsync(gateway);
        using var stop = new CancellationTokenSource();
        var writing = Task.Run(() => WriteAsync(gateway.Client, stop.Token));
        try
        {
            await using var second = ClusterNode.LaunchSilo(redis.ConnectionString, "silo-2");
            await ReadyAsync(second);
            await using var third = NodeProcess.Launch(
                directory.Path, "--Role=Silo", "--urls", $"http://127.0.0.1:{FreePort.Next()}", "--Node:Name=silo-3", $"--ConnectionStrings:Redis={redis.ConnectionString}");
            await PartitionsAsync(gateway, 5, 5, 6);
            var cluster = await gateway.Client.GetAsync("/api/cluster");
            Assert.Equal(
                ["gateway gateway Heard", "silo-1 silo Active", "silo-2 silo Active", "silo-3 silo Active"],
                cluster.GetProperty("nodes").EnumerateArray()
                    .Select(static node => $"{node.GetProperty("name").GetString()} {node.GetProperty("role").GetString()} {node.GetProperty("status").GetString()}"));

            await MeasureAsync(gateway, "a silo stops", first.StopAsync);
            await PartitionsAsync(gateway, 8, 8);

            await MeasureAsync(gateway, "a silo is killed", () =>
            {
                third.Kill();
                return Task.CompletedTask;
            });
            await PartitionsAsync(gateway, 16);

            await stop.CancelAsync();
            var acknowledged = await writing;
            var stats = await gateway.Client.SettleAsync();
            Assert.Equal(acknowledged * Metrics, stats.Number("accepted"));
            Assert.Equal(acknowledged * Metrics, stats.Number("processed"));
            var counts = await gateway.Client.CountPointsAsync("steady.*");
            Assert.Equal(Metrics, counts.Count);
            Assert.All(counts, count => Assert.Equal(acknowledged, count.Value));
            await gateway.StopAsync();
        }
        finally
        {
            await stop.CancelAsync();
            await first.DisposeAsync();
        }
    }

    private static async Task ReadyAsync(ClusterNode node)
    {
        await node.Started;
        await Eventually.ReadAsync("ready", () => StatusAsync(node, "/health/ready"), static status => status == HttpStatusCode.OK, node.Log.ToString);
    }

    private static async Task<HttpStatusCode?> StatusAsync(ClusterNode node, string path)
    {
        try
        {
            return await node.Client.StatusOfAsync(path);
        }
        catch (Exception exception) when (exception is HttpRequestException or SocketException)
        {
            // Not listening yet.
            return null;
        }
    }

    private static Task<string> PartitionsAsync(ClusterNode gateway, params int[] expected) => Eventually.ReadAsync(
        $"partitions spread {string.Join(' ', expected)}",
        async () =>
        {
            using var response = await gateway.Client.Http.GetAsync(new Uri("/api/cluster", UriKind.Relative));
            if (!response.IsSuccessStatusCode)
            {
                return "";
            }

            var cluster = System.Text.Json.JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
            return string.Join(' ', cluster.GetProperty("partitions").EnumerateArray().GroupBy(static partition => partition.GetProperty("address").GetString())
                .Select(static silo => silo.Count()).Order());
        },
        spread => spread == string.Join(' ', expected),
        gateway.Log.ToString);

    // The longest time in which no query over all partitions was answered.
    private async Task MeasureAsync(ClusterNode gateway, string what, Func<Task> act)
    {
        var longest = TimeSpan.Zero;
        var answered = Stopwatch.GetTimestamp();
        using var stop = new CancellationTokenSource();
        var watching = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
                try
                {
                    using var response = await gateway.Client.Http.GetAsync(new Uri("/api/metrics?limit=1000", UriKind.Relative), patience.Token);
                    if (response.IsSuccessStatusCode)
                    {
                        var elapsed = Stopwatch.GetElapsedTime(answered);
                        longest = elapsed > longest ? elapsed : longest;
                        answered = Stopwatch.GetTimestamp();
                    }
                }
                catch (OperationCanceledException)
                {
                    // Not answered: that is what is measured.
                }

                await Task.Delay(TimeSpan.FromMilliseconds(10));
            }
        });
        await act();
        await PartitionsAsync(gateway, what.EndsWith("killed", StringComparison.Ordinal) ? [16] : [8, 8]);
        await stop.CancelAsync();
        await watching;
        output.WriteLine($"{what}: longest time without answers {longest.TotalMilliseconds:F0} ms");
        Assert.True(longest < TimeSpan.FromSeconds(15), $"{what}: {longest}");
    }

    // Requests acknowledged. A request that was not is not sent again: it may have been counted.
    private static async Task<long> WriteAsync(NodeClient gateway, CancellationToken stop)
    {
        var acknowledged = 0L;
        while (!stop.IsCancellationRequested)
        {
            using var response = await gateway.PostAsync("/write", Encoding.UTF8.GetBytes(Lines));
            Assert.True(response.StatusCode == HttpStatusCode.NoContent, $"{response.StatusCode}");
            acknowledged++;
            await Task.Delay(TimeSpan.FromMilliseconds(10), CancellationToken.None);
        }

        return acknowledged;
    }
}
