using Orleans.Configuration;
using Orleans.Hosting;
using Microsoft.Extensions.DependencyInjection;
using OrleansMetrics.Contracts.Partitions;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.Partitions;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Cluster.Tests;

public sealed class ReplayTests
{
    [Fact]
    public async Task A_poison_batch_is_set_aside_and_counted_and_the_partition_goes_on()
    {
        await using var cluster = await MetricsCluster.StartAsync(partitions: 1);
        await cluster.SendAsync((cluster.Series("m"), 1, DateTimeOffset.UtcNow));
        var poison = new LogAppend(0, "not a batch"u8.ToArray(), points: 7);
        await cluster.Log.AppendAsync([poison], CancellationToken.None);
        Assert.Equal(AppendStatus.Appended, poison.Status);
        await cluster.SendAsync((cluster.Series("m"), 2, DateTimeOffset.UtcNow));

        var status = (await cluster.SettleAsync()).Single();

        Assert.Equal((9L, 2L, 7L), (status.Accepted, status.Processed, status.Dropped["poison_batch"]));
        Assert.True(status.Balanced);
        Assert.Equal(2, (await cluster.QueryAsync("m"))!.Series.Single().Total.Count);
    }

    [Fact]
    public async Task Windows_become_final_without_traffic_and_observers_are_told()
    {
        await using var cluster = await MetricsCluster.StartAsync(
            partitions: 1, configuration: new() { ["Windows:Size"] = "00:00:00.5", ["Windows:AllowedLateness"] = "00:00:00" });
        var observer = new Recorder();
        var reference = cluster.Grains.CreateObjectReference<IWindowObserver>(observer);
        await cluster.Grains.GetGrain<IAggregatorGrain>("m").Subscribe(reference);
        await cluster.SendAsync((cluster.Series("m", new Tag("host", "a")), 4, DateTimeOffset.UtcNow), (cluster.Series("m", new Tag("host", "b")), 6, DateTimeOffset.UtcNow));

        var told = await observer.Told.Task.WaitAsync(TimeSpan.FromSeconds(30));

        // Orleans holds observers weakly.
        GC.KeepAlive(observer);
        Assert.Equal("m", told.Metric);
        Assert.Equal(2, told.Series.Length);
        Assert.All(told.Series, static s => Assert.True(s.Windows.Single().Final));
        Assert.Equal(10, told.Series.Sum(static s => s.Windows.Single().Sum));
        Assert.All((await cluster.QueryAsync("m"))!.Series, static s => Assert.True(s.Windows.Single().Final));
    }

    [Fact]
    public async Task Points_that_are_too_late_are_counted_and_change_nothing()
    {
        await using var cluster = await MetricsCluster.StartAsync(partitions: 1);
        var now = DateTimeOffset.UtcNow;
        await cluster.SendAsync((cluster.Series("m"), 1, now), (cluster.Series("m"), 100, now.AddMinutes(-75)));

        var status = (await cluster.SettleAsync()).Single();

        Assert.Equal((2L, 1L, 1L), (status.Accepted, status.Processed, status.Dropped["late"]));
        Assert.True(status.Balanced);
        Assert.Equal(1, (await cluster.QueryAsync("m"))!.Series.Single().Total.Sum);
    }

    [Fact]
    public async Task A_killed_silo_loses_no_point_and_counts_none_twice()
    {
        await using var cluster = await MetricsCluster.StartAsync(silos: 2, configure: static silo =>
        {
            silo.Configure<ClusterMembershipOptions>(static options =>
            {
                options.ProbeTimeout = TimeSpan.FromMilliseconds(500);
                options.TableRefreshTimeout = TimeSpan.FromSeconds(2);
                options.NumMissedProbesLimit = 1;
                options.NumVotesForDeathDeclaration = 1;
            });
            silo.Configure<SiloMessagingOptions>(static options => options.ResponseTimeout = TimeSpan.FromSeconds(3));
        });
        var series = Enumerable.Range(0, 12).Select(m => cluster.Series($"metric.{m}", new Tag("host", "a"))).ToArray();
        for (var round = 0; round < 60; round++)
        {
            await cluster.SendAsync(series.Select(s => (s, 1d, DateTimeOffset.UtcNow)));
            if (round == 20)
            {
                await cluster.FlushAsync();
            }

            if (round == 40)
            {
                await cluster.Cluster.KillSiloAsync(cluster.Cluster.Silos[1]);
            }
        }

        var partitions = await cluster.SettleAsync();

        Assert.Equal(720, partitions.Sum(static p => p.Accepted));
        Assert.Equal(720, partitions.Sum(static p => p.Processed));
        Assert.All(partitions, static p => Assert.True(p.Balanced));
        foreach (var metric in Enumerable.Range(0, 12))
        {
            Assert.Equal(60, (await cluster.QueryAsync($"metric.{metric}"))!.Series.Single().Total.Count);
        }
    }

    [Fact]
    public async Task An_aggregator_that_moves_to_another_silo_keeps_what_its_snapshot_holds()
    {
        await using var cluster = await MetricsCluster.StartAsync(silos: 2, partitions: 1);
        var grain = cluster.Grains.GetGrain<IAggregatorGrain>("m");
        for (var round = 1; round <= 4; round++)
        {
            await cluster.SendAsync((cluster.Series("m"), 1, DateTimeOffset.UtcNow));
            await cluster.SettleAsync();
            await cluster.FlushAsync();

            // Orleans moves it by itself too, when a silo that shuts down has slices waiting for it.
            Assert.True(cluster.Cluster.TryGetGrainContext(grain.GetGrainId(), out var activation));
            await cluster.Cluster.MigrateAsync(grain, cluster.Cluster.Silos.Single(silo => !silo.SiloAddress.Equals(activation.Address.SiloAddress)).SiloAddress);
        }

        await cluster.SettleAsync();
        Assert.Equal(4, (await cluster.QueryAsync("m"))!.Series.Single().Total.Count);
    }

    [Fact]
    public async Task What_is_read_does_not_go_back_when_an_aggregator_is_lost()
    {
        await using var cluster = await MetricsCluster.StartAsync(partitions: 1);
        for (var round = 1; round <= 10; round++)
        {
            await cluster.SendAsync((cluster.Series("m"), 1, DateTimeOffset.UtcNow));
            await cluster.SettleAsync();
            await cluster.FlushAsync();

            // From the second round on the aggregator had to go, because its snapshot is not the one that it knew; the next one starts from there.
            Assert.Equal(round, (await cluster.QueryAsync("m"))!.Series.Single().Total.Count);
            Assert.Equal(1, cluster.TouchSnapshot("m"));
        }
    }

    private sealed class Recorder : IWindowObserver
    {
        public TaskCompletionSource<MetricAggregates> Told { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task OnFinalWindows(MetricAggregates windows)
        {
            Told.TrySetResult(windows);
            return Task.CompletedTask;
        }
    }
}
