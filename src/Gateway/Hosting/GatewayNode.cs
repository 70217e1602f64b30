using Orleans.Configuration;
using OrleansMetrics.Gateway.Health;
using OrleansMetrics.Gateway.Lifecycle;
using OrleansMetrics.Gateway.Queries;
using OrleansMetrics.Gateway.Stats;
using OrleansMetrics.Streams.Hosting;

namespace OrleansMetrics.Gateway.Hosting;

/// <summary>
/// A gateway by itself: an Orleans client that takes points into the cluster's log and answers queries. Holds nothing; any number may stand
/// behind a load balancer.
/// </summary>
public static class GatewayNode
{
    private static readonly TimeSpan ConnectionPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan GatewayListRefreshPeriod = TimeSpan.FromSeconds(2);

    // A call that was on its way to a silo when that died is never answered, and Orleans' client does not notice. Only queries are calls.
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(4);

    /// <summary>Runs a gateway until it is told to stop. Returns the process's exit code: 0, or 1 when it could not start.</summary>
    public static Task<int> RunAsync(string[] args) => RunAsync(args, Console.Error);

    /// <summary>Runs a gateway; why it could not start goes to <paramref name="errors"/>.</summary>
    internal static Task<int> RunAsync(string[] args, TextWriter errors) => NodeRun.RunAsync(args, errors, Build);

    /// <summary>Builds a gateway from command line and environment, not started.</summary>
    /// <exception cref="FormatException">The address cannot be read.</exception>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = NodeServices.CreateBuilder(args, configure);
        var services = builder.Services;
        builder.AddNode(NodeRole.Gateway, GatewaySettings.Sections);
        services.AddSharedLog(builder.Configuration);
        services.AddBatching(builder.Configuration);
        services.AddGateway(builder.Configuration);
        services.AddLogHealth();
        RedisClustering.Configure(services);
        builder.UseOrleansClient(static client =>
        {
            client.UseRedisClustering(static _ => { });

            // Whatever is wrong may come right: silos start later, Redis is away for a while.
            client.UseConnectionRetryFilter(static async (_, cancellationToken) =>
            {
                await Task.Delay(ConnectionPause, cancellationToken);
                return true;
            });
            client.Configure<GatewayOptions>(static gateways => gateways.GatewayListRefreshPeriod = GatewayListRefreshPeriod);
            client.Configure<ClientMessagingOptions>(static messaging => messaging.ResponseTimeout = ResponseTimeout);
        });

        // Live at once: the web server does not wait for the cluster and the log.
        services.Configure<HostOptions>(static host => host.ServicesStartConcurrently = true);
        services.AddHostedService<GatewayLifecycle>();
        services.AddHostedService(static provider => provider.GetRequiredService<NodeReporter>());
        services.AddSingleton(new StartAnnouncement.Details(static provider =>
            $"gateway of the cluster '{provider.GetRequiredService<Microsoft.Extensions.Options.IOptions<ClusterOptions>>().Value.ClusterId}'"));
        services.AddHostedService<StartAnnouncement>();

        var app = builder.Build();
        app.Use(RefuseWhileStartingAsync);
        app.MapGateway();
        return app;
    }

    // What takes points and answers queries needs the log to be open, to be made at all.
    private static Task RefuseWhileStartingAsync(HttpContext context, RequestDelegate next)
    {
        var path = context.Request.Path;
        if (context.RequestServices.GetRequiredService<ReadinessState>().Phase != NodePhase.Starting
            || path.StartsWithSegments("/health") || path.StartsWithSegments(Telemetry.TelemetryExtensions.Path))
        {
            return next(context);
        }

        context.Response.Headers.RetryAfter = "1";
        return QueryProblems.Unavailable().ExecuteAsync(context);
    }
}
