using System.Globalization;
using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.TestingHost;
using OrleansMetrics.Contracts.Catalogue;
using OrleansMetrics.Contracts.Partitions;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Series;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains;
using OrleansMetrics.Grains.Flush;
using OrleansMetrics.Grains.Hosting;
using OrleansMetrics.Persistence.Sqlite;
using OrleansMetrics.Streams.Batching;
using OrleansMetrics.Streams.Placement;
using OrleansMetrics.Streams.PointLog;
using OrleansMetrics.Streams.PointLog.Sqlite;
using OrleansMetrics.Streams.QueueAdapter;

namespace OrleansMetrics.Cluster.Tests;

/// <summary>Silos in this process that share a log and a snapshot store in a directory of their own, and a way in.</summary>
internal sealed class MetricsCluster : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly bool _ownsDirectory;
    private readonly PointBatcher _batcher;
    private readonly Dictionary<string, MetricEntry> _metrics = [];
    private readonly Dictionary<(string Metric, string Tags), SeriesEntry> _series = [];
    private InProcessTestCluster? _cluster;

    private MetricsCluster(string directory, bool ownsDirectory, int partitions)
    {
        Directory = directory;
        _ownsDirectory = ownsDirectory;
        Log = OpenLog(directory, partitions);
        _batcher = new PointBatcher(
            Log, new GatewayId("test-gateway"), Options.Create(new BatchingOptions()), new IngestStatistics(), TimeProvider.System, NullLogger<PointBatcher>.Instance);
    }

    public string Directory { get; }

    /// <summary>The log as another process would open it: not that of the silos.</summary>
    public SqlitePointLog Log { get; }

    public InProcessTestCluster Cluster => _cluster!;

    public IClusterClient Grains => _cluster!.Client;

    public static async Task<MetricsCluster> StartAsync(
        int silos = 1, int partitions = 4, string? directory = null, Dictionary<string, string?>? configuration = null, Action<ISiloBuilder>? configure = null)
    {
        var path = directory ?? System.IO.Directory.CreateTempSubdirectory("orleansmetrics-").FullName;
        var cluster = new MetricsCluster(path, ownsDirectory: directory is null, partitions);
        var settings = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["Windows:Size"] = "00:00:10", ["Flush:Interval"] = "00:05:00" })
            .AddInMemoryCollection(configuration ?? [])
            .Build();
        var builder = new InProcessTestClusterBuilder((short)silos);

        // As in deployed clusters: docs/decisions/018-grain-directory.md.
        builder.Options.UseDistributedGrainDirectory = true;
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddSingleton(TimeProvider.System);
            silo.Services.AddSingleton<IPointLog>(_ => OpenLog(path, partitions));
            silo.Services.AddAggregation(settings);
            silo.UseInMemoryReminderService();
            silo.AddHandedOverGrainDirectory();
            silo.AddPointStreams();
            silo.AddSqliteGrainStorage(GrainStorageNames.Snapshots, options => options.Configure(o => o.Path = Path.Combine(path, "snapshots.db")));
            configure?.Invoke(silo);
        });
        cluster._cluster = builder.Build();
        await cluster._cluster.DeployAsync();
        await cluster.ForEachPartitionAsync(flush => flush.Start());
        return cluster;
    }

    public SeriesEntry Series(string metric, params Tag[] tags)
    {
        var key = (metric, string.Join(',', tags));
        if (!_series.TryGetValue(key, out var entry))
        {
            if (!_metrics.TryGetValue(metric, out var metricEntry))
            {
                var name = Encoding.UTF8.GetBytes(metric);
                metricEntry = new MetricEntry(name, PartitionKey.Of(name, Log.Partitions), _metrics.Count);
                _metrics.Add(metric, metricEntry);
            }

            var canonical = SeriesKey.Encode(tags);
            _series.Add(key, entry = new SeriesEntry(metricEntry, SeriesKey.Hash(canonical), canonical));
        }

        return entry;
    }

    public async Task SendAsync(params IEnumerable<(SeriesEntry Series, double Value, DateTimeOffset Time)> points)
    {
        var request = new RequestPoints { DefinitionPeriod = _batcher.DefinitionPeriod };
        foreach (var (series, value, time) in points)
        {
            request.Add(series, value, time.ToUnixTimeMilliseconds());
        }

        Assert.Equal(SubmitStatus.Appended, await _batcher.SubmitAsync(request, CancellationToken.None));
    }

    public Task<PartitionStatus[]> PartitionsAsync() => Grains.GetGrain<ICatalogueGrain>(0).GetPartitions();

    /// <summary>Waits until every point in the log is accounted for, and returns where the partitions stand then.</summary>
    public async Task<PartitionStatus[]> SettleAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            var partitions = await PartitionsAsync();
            if (partitions.All(static p => p.InFlight == 0 && !p.Replaying && p.Stalled == 0 && p.Position == p.Head))
            {
                return partitions;
            }

            if (patience.IsCancellationRequested)
            {
                throw new TimeoutException($"Not settled: {string.Join(Environment.NewLine, partitions.Select(static p => p.ToString()))}");
            }

            await Task.Delay(10);
        }
    }

    public Task<MetricAggregates?> QueryAsync(string metric) =>
        Grains.GetGrain<IAggregatorGrain>(metric).GetAggregates(new AggregatesQuery { Limit = AggregatesQuery.MaxLimit });

    /// <summary>Partitions, flushers and aggregators that are not on the silo that pulls the partition's queue; empty when all are.</summary>
    public async Task<string> FindMisplacedAsync(IEnumerable<string> metrics)
    {
        var statuses = await PartitionsAsync();
        var owners = Cluster.Silos.Select(static silo => silo.ServiceProvider.GetRequiredService<PartitionOwnership>()).ToArray();
        var misplaced = new StringBuilder();
        foreach (var status in statuses)
        {
            var pulling = string.Join(' ', owners.Where(owner => owner.IsHere(status.Partition)).Select(static owner => owner.LocalSilo.ToParsableString()));
            Expect($"partition {status.Partition}", pulling, status.Silo);
            Expect($"flusher {status.Partition}", pulling, AddressOf(Grains.GetGrain<IFlushGrain>(PartitionKey.Format(status.Partition))));
            foreach (var metric in metrics.Where(metric => PartitionKey.Of(Encoding.UTF8.GetBytes(metric), Log.Partitions) == status.Partition))
            {
                Expect(metric, pulling, AddressOf(Grains.GetGrain<IAggregatorGrain>(metric)));
            }
        }

        return misplaced.ToString();

        // Not the management grain: it answers from its silo's cache of the directory.
        string? AddressOf(IAddressable grain) =>
            Cluster.TryGetGrainContext(grain.GetGrainId(), out var activation) ? activation.Address.SiloAddress!.ToParsableString() : null;

        void Expect(string what, string expected, string? actual)
        {
            if (expected != actual)
            {
                misplaced.AppendLine(CultureInfo.InvariantCulture, $"{what}: queue on {expected}, grain on {actual ?? "none"}");
            }
        }
    }

    public Task FlushAsync() => ForEachPartitionAsync(flush => flush.FlushNow());

    /// <summary>Makes the store take the snapshot of a metric for one that another activation has written; returns how many there were.</summary>
    public int TouchSnapshot(string metric)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(Directory, "snapshots.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "UPDATE grain_state SET etag = etag || 'x' WHERE state_name = 'aggregator' AND grain_id LIKE '%/' || $metric";
        command.Parameters.AddWithValue("$metric", metric);
        return command.ExecuteNonQuery();
    }

    public async ValueTask DisposeAsync()
    {
        await _batcher.DisposeAsync();
        if (_cluster is not null)
        {
            await _cluster.StopAllSilosAsync();
            await _cluster.DisposeAsync();
        }

        await Log.DisposeAsync();
        if (_ownsDirectory)
        {
            System.IO.Directory.Delete(Directory, recursive: true);
        }
    }

    private static SqlitePointLog OpenLog(string directory, int partitions) => SqlitePointLog.Open(
        Path.Combine(directory, "log.db"), partitions, new PointLogOptions(), TimeProvider.System, NullLogger.Instance);

    private Task ForEachPartitionAsync(Func<IFlushGrain, Task> call) => Task.WhenAll(
        Enumerable.Range(0, Log.Partitions).Select(partition => call(Grains.GetGrain<IFlushGrain>(PartitionKey.Format(partition)))));
}
