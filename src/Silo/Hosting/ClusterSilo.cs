using Microsoft.Extensions.Options;
using Orleans.Configuration;
using OrleansMetrics.Gateway.Health;
using OrleansMetrics.Gateway.Hosting;
using OrleansMetrics.Gateway.Lifecycle;
using OrleansMetrics.Gateway.Stats;
using OrleansMetrics.Gateway.Telemetry;
using OrleansMetrics.Grains.Hosting;
using OrleansMetrics.Silo.Health;
using OrleansMetrics.Silo.Lifecycle;
using OrleansMetrics.Streams.Batching;
using OrleansMetrics.Streams.Hosting;
using OrleansMetrics.Streams.QueueAdapter;

namespace OrleansMetrics.Silo.Hosting;

/// <summary>A silo of a cluster: holds its share of the partitions. Its HTTP port has probes and metrics, and takes no points.</summary>
public static class ClusterSilo
{
    /// <summary>Builds a silo from command line, environment and appsettings.json, not started.</summary>
    /// <exception cref="FormatException">The address cannot be read.</exception>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = NodeServices.CreateBuilder(args, configure);
        var services = builder.Services;
        var configuration = builder.Configuration;
        var address = builder.AddNode(NodeRole.Silo, NodeSettings.Sections);
        services.AddValidated<RemindersOptions, RemindersOptions.Validator>(configuration.GetSection("Reminders"));
        services.AddValidated<SnapshotsOptions, SnapshotsOptions.Validator>(configuration.GetSection(SnapshotsOptions.Section));
        services.AddValidated<DashboardOptions, DashboardOptions.Validator>(configuration.GetSection("Dashboard"));
        services.AddSharedLog(configuration);

        // For Orleans clients, which publish through silos.
        services.AddBatching(configuration);
        services.AddSeriesCache(configuration);
        services.AddAggregation(configuration);
        services.AddProcessHealth();
        services.AddLogHealth();
        services.AddHealthChecks().AddCheck<PartitionsHealthCheck>("partitions", tags: [HealthExtensions.ReadyTag]);
        services.AddTelemetry();
        builder.Host.UseOrleans((_, silo) => silo.AddClusterSilo(address, configuration));

        // After the silo: started after it, stopped before it.
        services.AddSingleton<INodeCounters, GrainCounters>();
        services.AddSingleton(new StartAnnouncement.Details(static provider =>
        {
            var cluster = provider.GetRequiredService<IOptions<ClusterOptions>>().Value.ClusterId;
            var address = provider.GetRequiredService<NodeAddress>();
            return $"silo of the cluster '{cluster}': silos {address.Advertised}:{address.SiloPort}, Orleans clients {address.Advertised}:{address.GatewayPort}";
        }));
        services.AddHostedService<InstrumentActivation>();
        services.AddHostedService<SiloLifecycle>();
        services.AddHostedService(static provider => provider.GetRequiredService<NodeReporter>());
        services.AddHostedService<StartAnnouncement>();

        var app = builder.Build();
        app.MapHealth();
        app.MapTelemetry();
        app.MapSwitchableDashboard();
        return app;
    }

    private static void AddClusterSilo(this ISiloBuilder silo, NodeAddress address, IConfiguration configuration)
    {
        silo.UseSharedClustering();

        // A silo that leaves takes no activations of the others with it: docs/decisions/018-grain-directory.md.
        silo.AddHandedOverGrainDirectory();
        silo.UseSharedReminders();
        silo.AddSharedSnapshots(configuration);
        silo.AddPointStreams();
        silo.AddSwitchableDashboard(configuration);
        silo.ConfigureEndpoints(address.Advertised, address.SiloPort, address.GatewayPort, listenOnAnyHostAddress: false);
        silo.Services.AddOptions<SiloOptions>().Configure<GatewayId>(static (options, node) => options.SiloName = node.Name);
        silo.Configure<SiloMessagingOptions>(static options => options.ResponseTimeout = NodeServices.ResponseTimeout);
    }
}
