using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Persistence;
using Orleans.Storage;
using OrleansMetrics.Gateway.Hosting;
using OrleansMetrics.Grains;
using OrleansMetrics.Persistence.AzureStorage;
using StackExchange.Redis;

namespace OrleansMetrics.Silo.Hosting;

/// <summary>Membership, reminders and snapshots that the silos of a cluster share.</summary>
internal static class SharedStorage
{
    /// <summary>Has the silo find the others in Redis, and notice quickly when one is gone.</summary>
    public static void UseSharedClustering(this ISiloBuilder silo)
    {
        RedisClustering.Configure(silo.Services);
        silo.UseRedisClustering(static _ => { });
        silo.Services.AddOptions<ClusterMembershipOptions>().Configure<IOptions<ClusteringOptions>>(static (membership, clustering) =>
        {
            membership.ProbeTimeout = clustering.Value.ProbeTimeout;

            // Not less than what was asked for: on a busy machine answers are sometimes quick and sometimes not.
            membership.MinProbeTimeout = clustering.Value.ProbeTimeout;
            membership.MaxProbeTimeout = clustering.Value.ProbeTimeout * 2;
            membership.NumMissedProbesLimit = clustering.Value.MissedProbes;

            // A cluster that was killed as a whole starts again without waiting for members that are gone for good.
            membership.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5);
            membership.TableRefreshTimeout = TimeSpan.FromSeconds(10);
        });
    }

    /// <summary>Keeps reminders in Redis.</summary>
    public static void UseSharedReminders(this ISiloBuilder silo)
    {
        silo.UseRedisReminderService(static _ => { });
        silo.Services.AddOptions<RedisReminderTableOptions>().Configure<IOptions<RemindersOptions>, IConfiguration, RedisConnections>(
            static (redis, reminders, configuration, connections) =>
            {
                var text = RedisSetting.Find(configuration, reminders.Value.ConnectionString) ?? "";
                redis.ConfigurationOptions = ConfigurationOptions.Parse(text);
                redis.CreateMultiplexer = async _ => (await connections.GetAsync(text), IsShared: true);
            });
    }

    /// <summary>Keeps snapshots where <c>Snapshots:Provider</c> says, in Orleans' binary format.</summary>
    public static void AddSharedSnapshots(this ISiloBuilder silo, IConfiguration configuration)
    {
        silo.Services.AddKeyedSingleton<IGrainStorageSerializer, OrleansGrainStorageSerializer>(GrainStorageNames.Snapshots);

        // A provider that does not exist is left to the check of the settings.
        if (Enum.TryParse<SnapshotsProvider>(configuration["Snapshots:Provider"], ignoreCase: true, out var provider) && provider == SnapshotsProvider.AzureBlob)
        {
            silo.AddAzureBlobGrainStorage(GrainStorageNames.Snapshots, static options => options.Configure<IOptions<SnapshotsOptions>, IConfiguration>(
                static (azure, snapshots, settings) =>
                {
                    azure.BlobServiceClient = AzureBlobService.Connect(snapshots.Value.FindAzureConnection(settings)!);
                    azure.ContainerName = snapshots.Value.Container;
                    azure.DeleteStateOnClear = true;
                }));
            return;
        }

        silo.AddRedisGrainStorage(GrainStorageNames.Snapshots, static options => options
            .Configure<IOptions<SnapshotsOptions>, IConfiguration, RedisConnections>(static (redis, snapshots, settings, connections) =>
            {
                var text = RedisSetting.Find(settings, snapshots.Value.ConnectionString) ?? "";
                redis.ConfigurationOptions = ConfigurationOptions.Parse(text);
                redis.CreateMultiplexer = async _ => (await connections.GetAsync(text), IsShared: true);

                // Chunks of history that have been merged or have expired leave nothing behind.
                redis.DeleteStateOnClear = true;
            }));
    }
}
