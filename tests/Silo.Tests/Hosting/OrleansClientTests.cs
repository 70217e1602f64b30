using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansMetrics.Contracts.Catalogue;
using OrleansMetrics.Contracts.Ingest;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Silo.Tests.Nodes;

namespace OrleansMetrics.Silo.Tests.Hosting;

public sealed class OrleansClientTests
{
    [Fact]
    public async Task A_client_publishes_points_reads_aggregates_and_is_told_of_final_windows()
    {
        using var directory = new TemporaryDirectory();
        await using var node = await TestNode.StartAsync(directory.Path, "--Windows:Size=00:00:01", "--Windows:AllowedLateness=00:00:00");
        using var host = await ConnectAsync(node.GatewayPort);
        var cluster = host.Services.GetRequiredService<IClusterClient>();
        var observer = new WindowRecorder();
        var reference = cluster.CreateObjectReference<IWindowObserver>(observer);
        var aggregator = cluster.GetGrain<IAggregatorGrain>("orders");
        await aggregator.Subscribe(reference);

        // Asking before the first point must not end the subscription.
        Assert.Null(await aggregator.GetAggregates(new AggregatesQuery()));
        var timestamp = DateTimeOffset.UtcNow.AddSeconds(2);
        var result = await cluster.GetGrain<IPointIngestGrain>(0).Publish(
        [
            new MetricPoint { Metric = "orders", Value = 2, Timestamp = timestamp, Tags = [new Tag("shop", "berlin")] },
            new MetricPoint { Metric = "orders", Value = double.NaN },
            new MetricPoint { Metric = "orders", Value = 4, Timestamp = timestamp, Tags = [new Tag("shop", "berlin")] },
        ]);

        Assert.Equal((2, 1, false), (result.Accepted, result.RejectedCount, result.Overloaded));
        Assert.Equal((1, "not_finite"), (result.Rejected.Single().Index, result.Rejected.Single().Reason));
        await node.Client.SettleAsync();
        var aggregates = await aggregator.GetAggregates(new AggregatesQuery { Tags = [new Tag("shop", "berlin")] });
        Assert.Equal((2L, 6.0), (aggregates!.Series.Single().Total.Count, aggregates.Series.Single().Total.Sum));
        Assert.Equal("orders", (await cluster.GetGrain<ICatalogueGrain>(0).ListMetrics(new CatalogueQuery())).Metrics.Single().Name);

        var told = await observer.FirstAsync(node.Log.ToString);
        var window = told.Series.Single().Windows.Single();
        Assert.Equal(("orders", true, 2L, 3.0), (told.Metric, window.Final, window.Count, window.Mean));
        await aggregator.Unsubscribe(reference);
        GC.KeepAlive(observer);
        await host.StopAsync();
    }

    [Fact]
    public async Task A_call_repeated_after_a_restart_is_counted_once_and_the_bound_of_timestamps_is_the_nodes()
    {
        using var directory = new TemporaryDirectory();
        var timestamp = DateTimeOffset.UtcNow;
        var results = new List<PublishResult>();
        for (var run = 0; run < 2; run++)
        {
            await using var node = await TestNode.StartAsync(directory.Path, "--Ingest:MaxFutureTime=00:00:30");
            using var host = await ConnectAsync(node.GatewayPort);
            var ingest = host.Services.GetRequiredService<IClusterClient>().GetGrain<IPointIngestGrain>(0);
            results.Add(await ingest.PublishOnce(
                "till-7",
                42,
                [
                    .. Enumerable.Range(0, 10).Select(i => new MetricPoint { Metric = $"orders_{i}", Value = i, Timestamp = timestamp }),
                    new MetricPoint { Metric = "orders_0", Value = 1, Timestamp = timestamp.AddHours(1) },
                ]));
            await node.Client.SettleAsync();
            Assert.Equal(Enumerable.Range(0, 10).Select(static i => KeyValuePair.Create($"orders_{i}", 1L)), (await node.Client.CountPointsAsync("orders_*")).OrderBy(static metric => metric.Key));
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => ingest.PublishOnce("till-7", -1, []));
            await host.StopAsync();
        }

        Assert.Equal([(10, 1, false), (10, 1, true)], results.Select(static result => (result.Accepted, result.RejectedCount, result.Repeated)));
        Assert.Equal("too_far_ahead", results[1].Rejected.Single().Reason);
    }

    [Fact]
    public async Task The_sample_prints_what_it_published_read_and_was_told()
    {
        using var directory = new TemporaryDirectory();
        await using var node = await TestNode.StartAsync(directory.Path, "--Windows:Size=00:00:01", "--Windows:AllowedLateness=00:00:00.5");

        await using var sample = NodeProcess.LaunchSample(directory.Path, "--gateway-port", $"{node.GatewayPort}");

        Assert.True(await sample.WaitForExitAsync() == 0, $"{sample}\n{node.Log}");
        var lines = sample.Output.Split('\n');
        Assert.Equal("published: 30 accepted, 0 rejected, overloaded: False", lines[0]);
        Assert.Equal("published again: 30 accepted, repeated: True", lines[1]);
        Assert.Equal("total: shop=paris count 15, sum 225, min 1, max 29", lines[2]);
        Assert.Equal("total: shop=berlin count 15, sum 240, min 2, max 30", lines[3]);
        Assert.Matches(@"^final: sample\.orders shop=paris \d\d:\d\d:\d\d\.000-\d\d:\d\d:\d\d\.000 count 15, mean 15, p50 1[45]\.?\d*, p90 2[67]\.?\d*, p99 29|28\.\d+$", lines[5]);
        Assert.Matches(@"^final: sample\.orders shop=berlin .* count 15, mean 16, ", lines[6]);
        Assert.Equal("", sample.Errors);
    }

    private static async Task<IHost> ConnectAsync(int gatewayPort)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.UseOrleansClient(client => client.UseLocalhostClustering(gatewayPort, serviceId: "orleans-metrics", clusterId: "standalone"));
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    private sealed class WindowRecorder : IWindowObserver
    {
        private readonly TaskCompletionSource<MetricAggregates> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task OnFinalWindows(MetricAggregates windows)
        {
            _first.TrySetResult(windows);
            return Task.CompletedTask;
        }

        public async Task<MetricAggregates> FirstAsync(Func<string> diagnose)
        {
            try
            {
                return await _first.Task.WaitAsync(Eventually.Patience);
            }
            catch (TimeoutException)
            {
                throw new TimeoutException($"No final window was told.\n{diagnose()}");
            }
        }
    }
}
