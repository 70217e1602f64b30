using Microsoft.Extensions.Options;
using Orleans.Configuration;
using OrleansMetrics.Gateway.Health;
using OrleansMetrics.Gateway.Hosting;
using OrleansMetrics.Gateway.Lifecycle;
using OrleansMetrics.Gateway.Stats;
using OrleansMetrics.Grains;
using OrleansMetrics.Grains.Hosting;
using OrleansMetrics.Persistence.Sqlite;
using OrleansMetrics.Silo.Lifecycle;
using OrleansMetrics.Streams.Batching;
using OrleansMetrics.Streams.Hosting;
using OrleansMetrics.Streams.PointLog;
using OrleansMetrics.Streams.QueueAdapter;

namespace OrleansMetrics.Silo.Hosting;

/// <summary>Silo and gateway in one process on embedded storage.</summary>
public static class StandaloneNode
{
    /// <summary>Runs a node until it is told to stop. Returns the process's exit code: 0, or 1 when it could not start.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="decorate">Changes the node's services after they have been registered.</param>
    public static Task<int> RunAsync(string[] args, Action<IServiceCollection>? decorate = null) =>
        NodeRun.RunAsync(args, Console.Error, (line, configure) => Build(line, configure, decorate));

    /// <summary>Builds a node from command line, environment and appsettings.json, not started.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="configure">Changes the builder before the node's services are registered.</param>
    /// <param name="decorate">Changes the node's services after they have been registered.</param>
    /// <exception cref="FormatException">The address cannot be read.</exception>
    public static WebApplication Build(
        string[] args, Action<WebApplicationBuilder>? configure = null, Action<IServiceCollection>? decorate = null)
    {
        var builder = NodeServices.CreateBuilder(args, configure);
        var address = builder.AddNode(NodeRole.Standalone, NodeSettings.Sections);
        builder.AddStandalone(address);
        decorate?.Invoke(builder.Services);
        var app = builder.Build();
        app.MapGateway();
        app.MapSwitchableDashboard();
        return app;
    }

    private static void AddStandalone(this WebApplicationBuilder builder, NodeAddress address)
    {
        var services = builder.Services;
        var configuration = builder.Configuration;
        services.AddValidated<StorageOptions, StorageOptions.Validator>(configuration.GetSection("Storage"));
        services.AddValidated<RemindersOptions, RemindersOptions.Validator>(configuration.GetSection("Reminders"));
        services.AddValidated<SnapshotsOptions, SnapshotsOptions.Validator>(configuration.GetSection(SnapshotsOptions.Section));
        services.AddValidated<DashboardOptions, DashboardOptions.Validator>(configuration.GetSection("Dashboard"));
        services.AddSingleton<DirectoryLock>();
        services.AddSingleton(EmbeddedLog.Open);
        services.AddBatching(configuration);
        services.AddAggregation(configuration);
        services.AddGateway(configuration);
        services.AddLogHealth();
        builder.Host.UseOrleans((_, silo) => silo.AddEmbeddedSilo(address, configuration));

        // After the silo: started after it, stopped before it.
        services.AddSingleton<INodeCounters, GrainCounters>();
        services.AddSingleton(new StartAnnouncement.Details(static provider =>
        {
            var directory = Path.GetFullPath(provider.GetRequiredService<IOptions<StorageOptions>>().Value.Directory);
            return $"data: {directory}, Orleans clients: 127.0.0.1:{provider.GetRequiredService<NodeAddress>().GatewayPort}";
        }));
        services.AddHostedService<InstrumentActivation>();
        services.AddHostedService<NodeLifecycle>();
        services.AddHostedService(static provider => provider.GetRequiredService<NodeReporter>());
        services.AddHostedService<StartAnnouncement>();
    }

    private static void AddEmbeddedSilo(this ISiloBuilder silo, NodeAddress address, IConfiguration configuration)
    {
        // It also names the cluster; the settings have the last word.
        silo.UseLocalhostClustering(address.SiloPort, address.GatewayPort);
        silo.UseInMemoryReminderService();
        silo.AddPointStreams();
        silo.AddSqliteGrainStorage(GrainStorageNames.Snapshots, static options => options.Configure<IOptions<StorageOptions>>(
            static (snapshots, storage) => snapshots.Path = Path.Combine(storage.Value.Directory, "snapshots.db")));
        silo.AddSwitchableDashboard(configuration);
        silo.Services.AddOptions<SiloOptions>().Configure<GatewayId>(static (options, node) => options.SiloName = node.Name);
        silo.Configure<SiloMessagingOptions>(static options => options.ResponseTimeout = NodeServices.ResponseTimeout);
    }
}
