using System.Globalization;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using OrleansMetrics.Gateway.Health;
using OrleansMetrics.Gateway.Hosting;
using OrleansMetrics.Gateway.Stats;
using OrleansMetrics.Grains;
using OrleansMetrics.Grains.Hosting;
using OrleansMetrics.Persistence.Sqlite;
using OrleansMetrics.Silo.Lifecycle;
using OrleansMetrics.Streams.Batching;
using OrleansMetrics.Streams.Hosting;
using OrleansMetrics.Streams.PointLog;
using OrleansMetrics.Streams.PointLog.Sqlite;
using OrleansMetrics.Streams.QueueAdapter;

namespace OrleansMetrics.Silo.Hosting;

/// <summary>Silo and gateway in one process on embedded storage.</summary>
public static class StandaloneNode
{
    /// <summary>Runs a node until it is told to stop. Returns the process's exit code: 0, or 1 when it could not start.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        WebApplication app;
        try
        {
            app = Build(args);
        }
        catch (FormatException exception)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return 1;
        }

        try
        {
            await app.RunAsync();
            return 0;
        }
        catch (Exception exception) when (StartFailure.TryExplain(exception) is { } failures)
        {
            await Console.Error.WriteLineAsync("The node cannot start:");
            foreach (var failure in failures)
            {
                await Console.Error.WriteLineAsync($"  {failure}");
            }

            return 1;
        }
    }

    /// <summary>Builds a node from command line, environment and appsettings.json, not started.</summary>
    /// <exception cref="FormatException">An address or number that is needed before the start cannot be read.</exception>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        configure?.Invoke(builder);
        var address = ReadAddress(builder.Configuration);
        builder.WebHost.UseUrls(builder.Configuration["urls"] ?? NodeAddress.DefaultUrl);
        builder.AddNode(address);
        var app = builder.Build();
        app.MapGateway();
        return app;
    }

    private static NodeAddress ReadAddress(ConfigurationManager configuration) => NodeAddress.Derive(
        configuration["urls"], ReadPort(configuration, "Node:SiloPort"), ReadPort(configuration, "Node:GatewayPort"));

    private static int? ReadPort(ConfigurationManager configuration, string key) => configuration[key] switch
    {
        null => null,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and < 65_536 => port,
        var text => throw new FormatException($"{key} is '{text}'; it must be a port from 1 to 65535."),
    };

    private static void AddNode(this WebApplicationBuilder builder, NodeAddress address)
    {
        var services = builder.Services;
        var configuration = builder.Configuration;
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(address);
        services.AddValidated<StorageOptions, StorageOptions.Validator>(configuration.GetSection("Storage"));
        services.AddValidated<NodeOptions, NodeOptions.Validator>(configuration.GetSection("Node"));
        services.AddValidated<PointLogOptions, PointLogOptionsValidator>(configuration.GetSection(PointLogOptions.Section));
        services.AddSingleton(static provider => new GatewayId(
            provider.GetRequiredService<IOptions<NodeOptions>>().Value.Name ?? provider.GetRequiredService<NodeAddress>().DefaultName()));
        services.AddSingleton<IPointLog>(static provider => SqlitePointLog.Open(
            Path.Combine(provider.GetRequiredService<IOptions<StorageOptions>>().Value.Directory, "log.db"),
            provider.GetRequiredService<IOptions<PartitionOptions>>().Value.Count,
            provider.GetRequiredService<IOptions<PointLogOptions>>().Value,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<SqlitePointLog>>()));
        services.AddBatching(configuration);
        services.AddAggregation(configuration);
        services.AddGateway(configuration);
        services.AddOptions<HostOptions>().Configure<IOptions<NodeOptions>>(static (host, node) => host.ShutdownTimeout = node.Value.ShutdownTimeout);
        builder.Host.UseOrleans((_, silo) => silo.AddEmbeddedSilo(address));

        // After the silo: started after it, stopped before it.
        services.AddSingleton<NodeReporter>();
        services.AddSingleton<INodeReporter>(static provider => provider.GetRequiredService<NodeReporter>());
        services.AddHostedService<NodeLifecycle>();
        services.AddHostedService(static provider => provider.GetRequiredService<NodeReporter>());
        services.AddHostedService<StartAnnouncement>();
    }

    private static void AddEmbeddedSilo(this ISiloBuilder silo, NodeAddress address)
    {
        silo.UseLocalhostClustering(address.SiloPort, address.GatewayPort, serviceId: "orleans-metrics", clusterId: "standalone");
        silo.UseInMemoryReminderService();
        silo.AddPointStreams();
        silo.AddSqliteGrainStorage(GrainStorageNames.Snapshots, static options => options.Configure<IOptions<StorageOptions>, IOptions<PointLogOptions>>(
            static (snapshots, storage, log) =>
            {
                snapshots.Path = Path.Combine(storage.Value.Directory, "snapshots.db");
                snapshots.Sync = log.Value.Sync == LogSync.Full ? SqliteSync.Full : SqliteSync.Normal;
            }));
        silo.Configure<SiloMessagingOptions>(static options => options.ResponseTimeout = TimeSpan.FromSeconds(30));
    }

    private static void AddValidated<TOptions, TValidator>(this IServiceCollection services, IConfigurationSection section)
        where TOptions : class
        where TValidator : class, IValidateOptions<TOptions>
    {
        services.AddOptions<TOptions>().Bind(section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<TOptions>, TValidator>();
    }
}
