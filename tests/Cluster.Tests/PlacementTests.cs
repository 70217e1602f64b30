using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Providers.Streams.Common;
using Orleans.Runtime;
using Orleans.Streams;
using OrleansMetrics.Contracts.Partitions;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Windows;
using Xunit.Abstractions;

namespace OrleansMetrics.Cluster.Tests;

public sealed class PlacementTests(ITestOutputHelper output)
{
    private const int Partitions = 16;
    private static readonly string[] Metrics = [.. Enumerable.Range(0, 64).Select(static m => $"metric.{m}")];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Partitions_are_balanced_and_their_grains_are_with_their_queues_as_silos_come_and_go()
    {
        await using var cluster = await MetricsCluster.StartAsync(silos: 3, Partitions, configure: AddMembership);
        await using var load = new SteadyLoad(cluster, Metrics);
        await load.RunForAsync(TimeSpan.FromSeconds(1));
        await SettlesAsync(cluster, "start of three");

        await MeasureAsync(load, "a fourth silo joins", async () => await cluster.Cluster.StartAdditionalSiloAsync());
        await SettlesAsync(cluster, "a fourth silo");

        await MeasureAsync(load, "a silo stops", () => cluster.Cluster.StopSiloAsync(cluster.Cluster.Silos[1]));
        await SettlesAsync(cluster, "one stopped");

        await MeasureAsync(load, "another silo stops", () => cluster.Cluster.StopSiloAsync(cluster.Cluster.Silos[1]));
        await SettlesAsync(cluster, "two stopped");

        await MeasureAsync(load, "a silo joins again", async () => await cluster.Cluster.StartAdditionalSiloAsync());
        await SettlesAsync(cluster, "joined again");

        await MeasureAsync(load, "a silo is killed", () => cluster.Cluster.KillSiloAsync(cluster.Cluster.Silos[1]));
        await SettlesAsync(cluster, "one killed");

        var rounds = await load.StopAsync();
        var partitions = await cluster.SettleAsync();
        Assert.Equal(rounds * Metrics.Length, partitions.Sum(static p => p.Accepted));
        Assert.Equal(rounds * Metrics.Length, partitions.Sum(static p => p.Processed));
        Assert.All(partitions, static p => Assert.True(p.Balanced));
        foreach (var metric in Metrics)
        {
            Assert.Equal(rounds, (await cluster.QueryAsync(metric))!.Series.Single().Total.Count);
        }
    }

    [Fact]
    public async Task An_aggregator_that_moves_takes_along_what_is_persisted_and_what_is_not()
    {
        await using var cluster = await MetricsCluster.StartAsync(silos: 1, partitions: 4);
        var series = Metrics.Select(metric => cluster.Series(metric)).ToArray();
        await cluster.SendAsync(series.Select(s => (s, 3d, DateTimeOffset.UtcNow)));
        await cluster.SettleAsync();
        await cluster.FlushAsync();
        await cluster.SendAsync(series.Select(s => (s, 4d, DateTimeOffset.UtcNow)));
        await cluster.SettleAsync();

        await cluster.Cluster.StartAdditionalSiloAsync();
        await PlacedAsync(cluster, "a second silo");

        await AssertTotalsAsync(cluster, 2, 7);
        Assert.Equal(2, (await cluster.PartitionsAsync()).Select(static p => p.Silo).Distinct().Count());

        // What it brought unpersisted is still to be persisted: a kill after the next flush, which trims the log, loses nothing.
        await cluster.FlushAsync();
        await cluster.SendAsync(series.Select(s => (s, 5d, DateTimeOffset.UtcNow)));
        await cluster.Cluster.KillSiloAsync(cluster.Cluster.Silos[1]);
        await cluster.SettleAsync();
        await AssertTotalsAsync(cluster, 3, 12);
    }

    [Fact]
    public async Task Observers_move_with_their_metric()
    {
        await using var cluster = await MetricsCluster.StartAsync(
            silos: 1, partitions: 4, configuration: new() { ["Windows:Size"] = "00:00:00.5", ["Windows:AllowedLateness"] = "00:00:05" });
        var observer = new Recorder();
        var reference = cluster.Grains.CreateObjectReference<IWindowObserver>(observer);
        await Task.WhenAll(Metrics.Select(metric => cluster.Grains.GetGrain<IAggregatorGrain>(metric).Subscribe(reference)));

        await cluster.Cluster.StartAdditionalSiloAsync();
        await PlacedAsync(cluster, "a second silo");
        await cluster.SendAsync(Metrics.Select(metric => (cluster.Series(metric), 3d, DateTimeOffset.UtcNow)));

        await observer.WaitForAsync(Metrics.Length);
        GC.KeepAlive(observer);
    }

    private static async Task AssertTotalsAsync(MetricsCluster cluster, long count, double sum)
    {
        foreach (var metric in Metrics)
        {
            var total = (await cluster.QueryAsync(metric))!.Series.Single().Total;
            Assert.Equal((metric, count, sum), (metric, total.Count, total.Sum));
        }
    }

    // As Clustering's defaults.
    private static void AddMembership(ISiloBuilder silo) => silo.Configure<ClusterMembershipOptions>(static options =>
    {
        options.ProbeTimeout = TimeSpan.FromSeconds(1);
        options.NumMissedProbesLimit = 2;
    });

    private async Task MeasureAsync(SteadyLoad load, string what, Func<Task> act)
    {
        load.ResetGaps();
        var started = Stopwatch.GetTimestamp();
        await act();
        var took = Stopwatch.GetElapsedTime(started);
        await load.RunForAsync(TimeSpan.FromSeconds(1));
        output.WriteLine($"{what}: took {took.TotalMilliseconds:F0} ms, longest time without fresh answers {load.LongestGap.TotalMilliseconds:F0} ms");
        Assert.True(load.LongestGap < TimeSpan.FromSeconds(10), what);
    }

    private async Task SettlesAsync(MetricsCluster cluster, string what)
    {
        await PlacedAsync(cluster, what);
        var partitions = await cluster.PartitionsAsync();
        var counts = partitions.GroupBy(static p => p.Silo).Select(static silo => silo.Count()).ToArray();
        Assert.Equal(cluster.Cluster.Silos.Count, counts.Length);
        Assert.True(counts.Max() - counts.Min() <= 1, string.Join(' ', counts));
        Assert.Equal(counts.Order(), (await RunningAgentsAsync(cluster)).Order());
    }

    private async Task PlacedAsync(MetricsCluster cluster, string what)
    {
        var started = Stopwatch.GetTimestamp();
        string misplaced;
        do
        {
            await Task.Delay(20);
            misplaced = await cluster.FindMisplacedAsync(Metrics);
        }
        while (misplaced.Length > 0 && Stopwatch.GetElapsedTime(started) < Patience);
        Assert.True(misplaced.Length == 0, $"{what}: {misplaced}");
        output.WriteLine($"{what}: all grains with their queues after another {Stopwatch.GetElapsedTime(started).TotalMilliseconds:F0} ms");
    }

    // Queues that each silo pulls, as its stream provider says.
    private static async Task<IEnumerable<int>> RunningAgentsAsync(MetricsCluster cluster) =>
        (await cluster.Grains.GetGrain<IManagementGrain>(0).SendControlCommandToProvider<PersistentStreamProvider>(
            PartitionKey.StreamNamespace, (int)PersistentStreamProviderCommand.GetNumberRunningAgents, null!)).Cast<int>();

    private sealed class Recorder : IWindowObserver
    {
        private readonly HashSet<string> _metrics = [];
        private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _expected = int.MaxValue;

        public Task WaitForAsync(int metrics)
        {
            lock (_metrics)
            {
                _expected = metrics;
                Check();
            }

            return _all.Task.WaitAsync(Patience);
        }

        public Task OnFinalWindows(MetricAggregates windows)
        {
            lock (_metrics)
            {
                _metrics.Add(windows.Metric);
                Check();
            }

            return Task.CompletedTask;
        }

        private void Check()
        {
            if (_metrics.Count >= _expected)
            {
                _all.TrySetResult();
            }
        }
    }
}
