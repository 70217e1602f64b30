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
    public static Task<int> RunAsync(string[] args) => RunAsync(args, Console.Error);

    /// <summary>Runs a node; why it could not start goes to <paramref name="errors"/>.</summary>
    internal static async Task<int> RunAsync(string[] args, TextWriter errors)
    {
        var failures = new List<string>();
        using var log = new StartLog();
        WebApplication app;
        try
        {
            app = Build(args, log.AddTo);
        }
        catch (FormatException exception)
        {
            // The other settings are checked as if the address were right: all that is wrong is named at once.
            failures.Add(exception.Message);
            app = Build([.. args, "--urls", NodeAddress.DefaultUrl], log.AddTo);
        }

        await using (app)
        {
            failures.AddRange(NodeSettings.Check(app));
            return failures.Count == 0 ? await RunAsync(app, log, errors) : await RefuseAsync(failures, errors);
        }
    }

    /// <summary>Builds a node from command line, environment and appsettings.json, not started.</summary>
    /// <exception cref="FormatException">The address cannot be read.</exception>
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

    private static async Task<int> RunAsync(WebApplication app, StartLog log, TextWriter errors)
    {
        try
        {
            await app.StartAsync();
        }
        catch (Exception exception)
        {
            // Told to stop before it was up: what a half-started service says to that is no failure.
            var isStopping = app.Lifetime.ApplicationStopping.IsCancellationRequested;
            await StopStartedAsync(app);
            return isStopping ? 0 : await RefuseAsync(StartFailure.Explain(exception), errors);
        }

        log.Started();
        await app.WaitForShutdownAsync();
        return 0;
    }

    // What has started already must not find the log closed under it.
    private static async Task StopStartedAsync(WebApplication app)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        try
        {
            await app.StopAsync(patience.Token);
        }
        catch (Exception)
        {
            // A service that did not start may not be able to stop; why it did not start is what matters.
        }
    }

    private static async Task<int> RefuseAsync(IEnumerable<string> failures, TextWriter errors)
    {
        await errors.WriteLineAsync("The node cannot start:");
        foreach (var failure in failures)
        {
            await errors.WriteLineAsync($"  {failure}");
        }

        return 1;
    }

    private static NodeAddress ReadAddress(ConfigurationManager configuration) => NodeAddress.Derive(
        configuration["urls"], ReadPort(configuration, "Node:SiloPort"), ReadPort(configuration, "Node:GatewayPort"));

    // What is no port is left to the check of the settings.
    private static int? ReadPort(ConfigurationManager configuration, string key) =>
        int.TryParse(configuration[key], NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and < 65_536 ? port : null;

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
        services.AddSingleton<DirectoryLock>();
        services.AddSingleton<IPointLog>(OpenLog);
        services.AddBatching(configuration);
        services.AddAggregation(configuration);
        services.AddGateway(configuration);

        // Read by hand: the host needs it to be built, and a node with bad settings is built, so that all of them are named.
        services.Configure<HostOptions>(host => host.ShutdownTimeout =
            TimeSpan.TryParse(configuration["Node:ShutdownTimeout"], CultureInfo.InvariantCulture, out var timeout) ? timeout : new NodeOptions().ShutdownTimeout);
        builder.Host.UseOrleans((_, silo) => silo.AddEmbeddedSilo(address));

        // After the silo: started after it, stopped before it.
        services.AddSingleton<NodeReporter>();
        services.AddSingleton<INodeReporter>(static provider => provider.GetRequiredService<NodeReporter>());
        services.AddHostedService<InstrumentActivation>();
        services.AddHostedService<NodeLifecycle>();
        services.AddHostedService(static provider => provider.GetRequiredService<NodeReporter>());
        services.AddHostedService<StartAnnouncement>();
    }

    private static SqlitePointLog OpenLog(IServiceProvider provider)
    {
        // Created before the log, so released after it.
        _ = provider.GetRequiredService<DirectoryLock>();
        return SqlitePointLog.Open(
            Path.Combine(provider.GetRequiredService<IOptions<StorageOptions>>().Value.Directory, "log.db"),
            provider.GetRequiredService<IOptions<PartitionOptions>>().Value.Count,
            provider.GetRequiredService<IOptions<PointLogOptions>>().Value,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<SqlitePointLog>>());
    }

    private static void AddEmbeddedSilo(this ISiloBuilder silo, NodeAddress address)
    {
        silo.UseLocalhostClustering(address.SiloPort, address.GatewayPort, serviceId: "orleans-metrics", clusterId: "standalone");
        silo.UseInMemoryReminderService();
        silo.AddPointStreams();
        silo.AddSqliteGrainStorage(GrainStorageNames.Snapshots, static options => options.Configure<IOptions<StorageOptions>>(
            static (snapshots, storage) => snapshots.Path = Path.Combine(storage.Value.Directory, "snapshots.db")));
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
