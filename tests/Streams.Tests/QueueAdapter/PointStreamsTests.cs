using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.TestingHost;
using OrleansMetrics.Streams.PointLog;
using OrleansMetrics.Streams.PointLog.Sqlite;
using OrleansMetrics.Streams.QueueAdapter;
using OrleansMetrics.Streams.Tests.PointLog;

namespace OrleansMetrics.Streams.Tests.QueueAdapter;

public sealed class PointStreamsTests
{
    [Fact]
    public async Task Records_reach_the_grain_of_their_partition_in_log_order()
    {
        const int Records = 200;
        using var directory = new TemporaryDirectory();
        await using var log = SqlitePointLog.Open(directory.File("points.db"), 4, new PointLogOptions(), TimeProvider.System, NullLogger.Instance);
        var builder = new InProcessTestClusterBuilder(initialSilosCount: 2);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddSingleton<IPointLog>(log);
            silo.AddPointStreams();
        });
        await using (var cluster = builder.Build())
        {
            await cluster.DeployAsync();
            for (var i = 0; i < Records; i++)
            {
                await log.AppendAsync([new LogAppend(i % 4, new byte[100], 1)], default);
            }

            int Distinct() => RecordingGrain.Positions.Values.Sum(positions => positions.Distinct().Count());
            while (Distinct() < Records)
            {
                Assert.True(await RecordingGrain.Arrived.WaitAsync(TimeSpan.FromSeconds(60)), $"Only {Distinct()} of {Records} records arrived.");
            }
        }

        for (var partition = 0; partition < 4; partition++)
        {
            var positions = RecordingGrain.Positions[$"{partition}"];
            Assert.Equal(Enumerable.Range(1, Records / 4).Select(position => (long)position), positions.Distinct());
        }
    }
}
