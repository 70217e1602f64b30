using OrleansMetrics.Contracts.Catalogue;
using OrleansMetrics.Contracts.Points;

namespace OrleansMetrics.Cluster.Tests;

public sealed class PipelineTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Points_sent_are_aggregated_exactly_once(int silos)
    {
        await using var cluster = await MetricsCluster.StartAsync(silos);
        var now = DateTimeOffset.UtcNow;
        var series = Enumerable.Range(0, 20).SelectMany(m => Enumerable.Range(0, 5).Select(s => cluster.Series($"metric.{m}", new Tag("host", $"server-{s}")))).ToArray();
        for (var round = 0; round < 20; round++)
        {
            await cluster.SendAsync(series.Select(s => (s, (double)round, now)));
        }

        var partitions = await cluster.SettleAsync();

        Assert.Equal(2_000, partitions.Sum(static p => p.Processed));
        Assert.All(partitions, static p => Assert.True(p.Balanced));
        Assert.Equal(20, partitions.Sum(static p => p.Metrics));
        Assert.Equal(100, partitions.Sum(static p => p.Series));
        Assert.Equal(2_000, partitions.Sum(static p => p.ProcessedBy.GetValueOrDefault("test-gateway")));
        for (var m = 0; m < 20; m++)
        {
            var metric = await cluster.QueryAsync($"metric.{m}");
            Assert.Equal(5, metric!.Series.Length);
            Assert.All(metric.Series, static s => Assert.Equal((20L, 190d, 0d, 19d), (s.Total.Count, s.Total.Sum, s.Total.Min, s.Total.Max)));
            Assert.All(metric.Series, static s => Assert.Equal(20, s.Windows.Sum(static w => w.Count)));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_restarted_cluster_has_the_same_totals_and_counts_on(int silos)
    {
        var directory = Directory.CreateTempSubdirectory("orleansmetrics-").FullName;
        try
        {
            for (var run = 1; run <= 3; run++)
            {
                await using var cluster = await MetricsCluster.StartAsync(silos, directory: directory);
                if (run > 1)
                {
                    var before = await cluster.SettleAsync();
                    Assert.Equal((run - 1) * 200, before.Sum(static p => p.Processed));
                    Assert.All(before, static p => Assert.True(p.Balanced));
                }

                for (var i = 0; i < 10; i++)
                {
                    await cluster.SendAsync(Enumerable.Range(0, 20).Select(m => (cluster.Series($"metric.{m}", new Tag("run", $"{run}")), 1.5, DateTimeOffset.UtcNow)));
                }

                var partitions = await cluster.SettleAsync();
                Assert.Equal(run * 200, partitions.Sum(static p => p.Processed));
                Assert.All(partitions, static p => Assert.True(p.Balanced));
                var metric = await cluster.QueryAsync("metric.7");
                Assert.Equal(run, metric!.Series.Length);
                Assert.All(metric.Series, static s => Assert.Equal((10L, 15d), (s.Total.Count, s.Total.Sum)));
            }
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task A_flush_moves_the_checkpoint_and_trims_the_log()
    {
        await using var cluster = await MetricsCluster.StartAsync(partitions: 1);
        for (var i = 0; i < 5; i++)
        {
            await cluster.SendAsync((cluster.Series("m"), i, DateTimeOffset.UtcNow));
        }

        await cluster.SettleAsync();
        await cluster.FlushAsync();

        var status = (await cluster.PartitionsAsync()).Single();
        Assert.Equal(status.Head, status.Checkpoint);
        var head = await cluster.Log.GetHeadAsync(0, CancellationToken.None);
        Assert.Equal(head.Position, head.TrimmedTo);
        Assert.Equal(0, head.Bytes);
    }

    [Fact]
    public async Task The_catalogue_pages_through_names_of_every_script()
    {
        await using var cluster = await MetricsCluster.StartAsync();
        string[] names = ["a", "b", "é", "中", "\uE000x", "\uFF21wide", "\U0001F600", "\U0010FFFF"];
        await cluster.SendAsync(names.Select(name => (cluster.Series(name), 1d, DateTimeOffset.UtcNow)));
        await cluster.SettleAsync();
        var seen = new List<string>();
        for (string? after = null; ;)
        {
            var page = await cluster.Grains.GetGrain<ICatalogueGrain>(0).ListMetrics(new CatalogueQuery { Limit = 1, After = after });
            seen.AddRange(page.Metrics.Select(static metric => metric.Name));
            after = page.Next;
            if (after is null)
            {
                break;
            }
        }

        Assert.Equal(names.Order(StringComparer.Ordinal), seen);
        Assert.Empty((await cluster.Grains.GetGrain<ICatalogueGrain>(0).ListMetrics(new CatalogueQuery { After = "\uFFFF\uFFFF" })).Metrics);
    }
}
