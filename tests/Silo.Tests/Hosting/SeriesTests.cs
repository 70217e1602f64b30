using System.Net;
using Microsoft.Data.Sqlite;
using OrleansMetrics.Silo.Tests.Nodes;

namespace OrleansMetrics.Silo.Tests.Hosting;

public sealed class SeriesTests
{
    private static readonly string[] ShortLived =
    [
        "--Windows:Size=00:00:00.1", "--Windows:AllowedLateness=00:00:01", "--Windows:Retained=2", "--Flush:Interval=00:00:00.2", "--Batching:DefinitionPeriod=00:00:01",
        "--Series:Expiry=00:00:03.2", "--History:ChunkInterval=00:00:01", "--History:ChunkWindows=0", "--History:ClearDelay=00:00:01",
        "--History:Resolutions:0:Step=00:00:00.1", "--History:Resolutions:0:Keep=00:00:01", "--Partitions:Count=2",
    ];

    [Fact]
    public async Task Silent_metrics_leave_nothing_behind_but_their_counts_and_begin_anew()
    {
        using var directory = new TemporaryDirectory();
        await using (var node = await TestNode.StartAsync(directory.Path, ShortLived))
        {
            await node.Client.WriteAsync(string.Join('\n', Enumerable.Range(0, 60).Select(static i => $"gone_{i % 6},host={i} value={i}")));
            await node.Client.SettleAsync();
            await Eventually.ReadAsync(
                "Chunks in storage", () => node.Client.GetAsync("/api/stats"), static stats => stats.Number("historyBytes") > 0, node.Log.ToString);
            Assert.InRange(StoredStates(directory.Path), 7, 100);

            var stats = await Eventually.ReadAsync(
                "Nothing left", () => node.Client.SettleAsync(), static stats => stats.List("partitions").All(static p => p.Number("metrics") == 0), node.Log.ToString);
            Assert.Equal((60, 60, 0, 0), (stats.Number("accepted"), stats.Number("processed"), stats.Number("series"), stats.Number("historyBytes")));
            await Eventually.ReadAsync(
                "An empty store", () => Task.FromResult(StoredStates(directory.Path)), static stored => stored == 0, node.Log.ToString);
            Assert.Empty((await node.Client.GetAsync("/api/metrics")).List("metrics"));
            Assert.Equal(HttpStatusCode.NotFound, await node.Client.StatusOfAsync("/api/metrics/gone_0"));

            await node.Client.WriteAsync("gone_0,host=0 value=7");
            stats = await node.Client.SettleAsync();
            Assert.Equal((61, 61), (stats.Number("accepted"), stats.Number("processed")));
            var total = (await node.Client.GetAsync("/api/metrics/gone_0")).List("series").Single().GetProperty("total");
            Assert.Equal((1, 7.0), (total.Number("count"), total.Value("sum")));
        }

        await using (var node = await TestNode.StartAsync(directory.Path, ShortLived))
        {
            var stats = await node.Client.SettleAsync();
            Assert.Equal((61, 61), (stats.Number("accepted"), stats.Number("processed")));
        }
    }

    [Fact]
    public async Task Points_of_too_many_series_are_counted_in_the_overflow_series_and_the_sender_is_told()
    {
        using var directory = new TemporaryDirectory();
        await using var node = await TestNode.StartAsync(directory.Path, "--Series:MaxPerMetric=3", "--Flush:Interval=00:00:00.2");
        var lines = string.Join('\n', Enumerable.Range(0, 10).Select(static i => $"wide,host={i} value={i}"));
        await node.Client.WriteAsync(lines + "\nnarrow value=1");
        var header = await Eventually.ReadAsync(
            "A warning",
            async () =>
            {
                using var response = await node.Client.PostAsync("/write", "wide,host=9 value=1\nnarrow value=1"u8.ToArray());
                Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
                return response.Headers.TryGetValues("Series-Overflow", out var values) ? string.Join(", ", values) : null;
            },
            static header => header is not null,
            node.Log.ToString);
        Assert.Equal("wide", header);
        using var other = await node.Client.PostAsync("/write", "narrow value=1"u8.ToArray());
        Assert.False(other.Headers.Contains("Series-Overflow"));

        var stats = await Eventually.ReadAsync(
            "Sizes of a flush",
            () => node.Client.SettleAsync(),
            static stats => stats.List("mostStored").Count() == 2 && stats.List("mostStored").First().Number("snapshotBytes") > 0,
            node.Log.ToString);
        Assert.Equal(stats.Number("accepted"), stats.Number("processed"));
        Assert.InRange(stats.Number("overflowed"), 8, stats.Number("processed") - 4);
        var widest = stats.List("mostSeries").First();
        Assert.Equal(("wide", 4), (widest.GetProperty("metric").GetString(), widest.Number("series")));
        Assert.Equal(stats.Number("overflowed"), widest.Number("overflowed"));
        var series = (await node.Client.GetAsync("/api/metrics/wide?tag.otel.metric.overflow=true")).List("series").Single();
        Assert.Equal(stats.Number("overflowed"), series.GetProperty("total").Number("count"));
        Assert.Contains("orleansmetrics_aggregation_overflowed_points", await node.Client.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative)), StringComparison.Ordinal);
    }

    /// <summary>States of metrics: of partitions there is one each.</summary>
    private static int StoredStates(string directory)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = Path.Combine(directory, "snapshots.db"),
            Mode = SqliteOpenMode.ReadOnly,
            Pooling = false,
        }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT COUNT(*) FROM grain_state WHERE state_name <> 'partition'";
        return (int)(long)command.ExecuteScalar()!;
    }
}
