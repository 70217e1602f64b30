using System.Globalization;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using OrleansMetrics.Gateway.Ingest;
using OrleansMetrics.Gateway.Lifecycle;
using OrleansMetrics.Gateway.Stats;
using OrleansMetrics.Streams.Batching;
using OrleansMetrics.Streams.PointLog;
using OrleansMetrics.Streams.Redis;
using OrleansMetrics.Streams.Redis.Hosting;

namespace OrleansMetrics.Gateway.Hosting;

/// <summary>What a process of any role has.</summary>
internal static class NodeServices
{
    /// <summary>How long a grain call between silos may take.</summary>
    public static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Begins a process: its configuration comes from the command line, the environment and appsettings.json beside the program.</summary>
    public static WebApplicationBuilder CreateBuilder(string[] args, Action<WebApplicationBuilder>? configure)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });

        // Before everything else, which may change it. Copied: a stream can be read once only, sources are read again when others are added.
        using var logging = typeof(NodeServices).Assembly.GetManifestResourceStream("OrleansMetrics.Gateway.Hosting.logging.json")!;
        var defaults = new ConfigurationBuilder().AddJsonStream(logging).Build().AsEnumerable().Where(static setting => setting.Value is not null).ToList();
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = defaults });
        configure?.Invoke(builder);
        return builder;
    }

    /// <summary>Adds identity, address, clock, settings of cluster and log, and the reporter of statistics.</summary>
    /// <exception cref="FormatException">The address to listen on cannot be read.</exception>
    public static NodeAddress AddNode(this WebApplicationBuilder builder, NodeRole role, IReadOnlyList<SettingsSection> sections)
    {
        var services = builder.Services;
        var configuration = builder.Configuration;
        var urls = HostAddress.ResolveUrls(configuration["urls"] ?? NodeAddress.DefaultUrl);
        var address = NodeAddress.Derive(urls, ReadPort(configuration, "Node:SiloPort"), ReadPort(configuration, "Node:GatewayPort"));
        if (role == NodeRole.Silo && HostAddress.TryResolve(configuration["Node:AdvertisedAddress"] ?? NodeOptions.DefaultAddress, out var advertised))
        {
            address = address with { Advertised = advertised };
        }

        builder.WebHost.UseUrls(urls);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(address);
        services.AddSingleton(typeof(NodeRole), role);
        services.AddSingleton(new NodeSettingsCheck(sections));
        services.AddValidated<NodeOptions, NodeOptions.Validator>(configuration.GetSection("Node"));
        services.AddValidated<ClusteringOptions, ClusteringOptions.Validator>(configuration.GetSection(ClusteringOptions.Section));
        services.AddValidated<PointLogOptions, PointLogOptionsValidator>(configuration.GetSection(PointLogOptions.Section));
        services.AddValidated<LogProviderOptions, LogProviderOptions.Validator>(configuration.GetSection(PointLogOptions.Section));
        services.AddSingleton<RedisConnections>();
        services.AddSingleton(static provider => new GatewayId(
            provider.GetRequiredService<IOptions<NodeOptions>>().Value.Name ?? provider.GetRequiredService<NodeAddress>().DefaultName()));
        services.AddSingleton<IntakeClosing>();
        services.TryAddSingleton<SeriesOverflow>();
        services.TryAddSingleton<DecidedKinds>();

        // Not made with the reporter: the batcher reads settings, which are all to be checked before.
        services.TryAddSingleton(static provider => new Lazy<DecidedKinds>(provider.GetRequiredService<DecidedKinds>));
        services.AddSingleton<NodeReporter>();
        services.AddSingleton<INodeReporter>(static provider => provider.GetRequiredService<NodeReporter>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<INodeCounters, IngestCounters>());

        // Read by hand: the host needs it to be built, and a node with bad settings is built, so that all of them are named.
        services.Configure<HostOptions>(host => host.ShutdownTimeout =
            TimeSpan.TryParse(configuration["Node:ShutdownTimeout"], CultureInfo.InvariantCulture, out var timeout) ? timeout : new NodeOptions().ShutdownTimeout);
        services.AddOptions<ClusterOptions>().PostConfigure<IOptions<ClusteringOptions>>((cluster, clustering) =>
        {
            cluster.ClusterId = clustering.Value.ClusterIdFor(role);
            cluster.ServiceId = clustering.Value.ServiceId;
        });
        return address;
    }

    /// <summary>Adds the log that the processes of a cluster share.</summary>
    public static IServiceCollection AddSharedLog(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddRedisPointLog();
        services.Configure<RedisLogOptions>(redis => redis.ConnectionString = RedisSetting.Find(configuration, redis.ConnectionString) ?? "");
        return services;
    }

    /// <summary>Binds options to a section and has them checked at start.</summary>
    public static void AddValidated<TOptions, TValidator>(this IServiceCollection services, IConfigurationSection section)
        where TOptions : class
        where TValidator : class, IValidateOptions<TOptions>
    {
        services.AddOptions<TOptions>().Bind(section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<TOptions>, TValidator>();
    }

    // What is no port is left to the check of the settings.
    private static int? ReadPort(ConfigurationManager configuration, string key) =>
        int.TryParse(configuration[key], NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and < 65_536 ? port : null;
}
