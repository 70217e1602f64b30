using System.Collections.Concurrent;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.TestingHost;
using OrleansMetrics.Contracts.Partitions;
using OrleansMetrics.Faults.Injection;
using OrleansMetrics.Faults.Load;
using OrleansMetrics.Grains;
using OrleansMetrics.Grains.Flush;
using OrleansMetrics.Grains.Hosting;
using OrleansMetrics.Persistence.Sqlite;
using OrleansMetrics.Streams.PointLog;
using OrleansMetrics.Streams.QueueAdapter;

namespace OrleansMetrics.Faults.Clusters;

/// <summary>Silos in this process that share a log and a snapshot store, each with a clock of its own.</summary>
internal sealed class FaultCluster : IAsyncDisposable
{
    private static readonly TimeSpan ShortTimeout = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, SteppedClock> _clocks = new(StringComparer.Ordinal);
    private readonly InProcessTestCluster _cluster;

    private FaultCluster(ClusterStores stores, ClusterOutput output, int silos, TimeSpan flushInterval, int seed)
    {
        SnapshotFaults = new FaultInjector(seed);
        LogFaults = new FaultInjector(seed + 1);
        var settings = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Windows:Size"] = LoadMetrics.WindowSize.ToString(),
            ["Windows:AllowedLateness"] = LoadMetrics.AllowedLateness.ToString(),
            ["Windows:Retained"] = "1000",
            ["Flush:Interval"] = flushInterval.ToString(),
        }).Build();
        var builder = new InProcessTestClusterBuilder((short)silos);

        // As in deployed clusters: docs/decisions/018-grain-directory.md.
        builder.Options.UseDistributedGrainDirectory = true;

        // Part of the snapshots' keys: a cluster that is started again must find them.
        builder.Options.ServiceId = "orleans-metrics";
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSilo((options, silo) =>
        {
            var clock = _clocks.GetOrAdd(options.SiloName, static _ => new SteppedClock());
            silo.Services.AddSingleton<TimeProvider>(clock);
            silo.Services.AddSingleton<IPointLog>(_ => stores.OpenLog(clock));
            silo.Services.DecorateLog(LogFaults);
            silo.Services.AddAggregation(settings);
            silo.Services.AddLogging(logging => logging.AddProvider(output));
            silo.UseInMemoryReminderService();
            silo.AddHandedOverGrainDirectory();
            silo.AddPointStreams();
            silo.AddSqliteGrainStorage(GrainStorageNames.Snapshots, snapshots => snapshots.Configure(o => o.Path = stores.SnapshotsPath));
            silo.Services.DecorateSnapshots(SnapshotFaults);

            // A dead silo is found out within about a second.
            silo.Configure<ClusterMembershipOptions>(static membership =>
            {
                membership.ProbeTimeout = TimeSpan.FromMilliseconds(500);
                membership.TableRefreshTimeout = TimeSpan.FromSeconds(2);
                membership.NumMissedProbesLimit = 1;
                membership.NumVotesForDeathDeclaration = 1;
            });
            silo.Configure<SiloMessagingOptions>(static messaging => messaging.ResponseTimeout = ShortTimeout);
        });
        _cluster = builder.Build();
    }

    /// <summary>Of the snapshots, on all silos.</summary>
    public FaultInjector SnapshotFaults { get; }

    /// <summary>Of the log, on all silos; gateways have their own.</summary>
    public FaultInjector LogFaults { get; }

    public IGrainFactory Grains => _cluster.Client;

    /// <summary>Names of the silos that run.</summary>
    public IReadOnlyList<string> Silos => [.. _cluster.Silos.Select(static silo => silo.Name)];

    public static async Task<FaultCluster> StartAsync(ClusterStores stores, ClusterOutput output, int silos, TimeSpan flushInterval, int seed)
    {
        var cluster = new FaultCluster(stores, output, silos, flushInterval, seed);
        await cluster._cluster.DeployAsync();
        await cluster.StartPartitionsAsync();
        return cluster;
    }

    public SteppedClock ClockOf(string silo) => _clocks[silo];

    public SiloAddress AddressOf(string silo) => _cluster.Silos.Single(one => one.Name == silo).SiloAddress;

    /// <summary>Ends a silo at once: nothing is flushed, and the others have to find out.</summary>
    public Task KillAsync(string silo) => _cluster.KillSiloAsync(_cluster.Silos.Single(one => one.Name == silo));

    /// <summary>Stops a silo as a shutdown does.</summary>
    public Task StopAsync(string silo) => _cluster.StopSiloAsync(_cluster.Silos.Single(one => one.Name == silo));

    /// <summary>Adds a silo.</summary>
    public async Task AddSiloAsync()
    {
        await _cluster.StartAdditionalSiloAsync();
        await StartPartitionsAsync();
    }

    /// <summary>One flush round of a partition, beside those of its timer.</summary>
    public Task FlushAsync(int partition) => Grains.GetGrain<IFlushGrain>(PartitionKey.Format(partition)).FlushNow();

    public async ValueTask DisposeAsync()
    {
        await _cluster.StopAllSilosAsync();
        await _cluster.DisposeAsync();
    }

    // As every silo does when it starts; while silos are dying, some calls fail and are made again.
    private async Task StartPartitionsAsync()
    {
        foreach (var partition in Enumerable.Range(0, ClusterStores.Partitions))
        {
            var flush = Grains.GetGrain<IFlushGrain>(PartitionKey.Format(partition));
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    await flush.Start();
                    break;
                }
                catch (Exception) when (attempt < 20)
                {
                    await Task.Delay(100);
                }
            }
        }
    }
}
