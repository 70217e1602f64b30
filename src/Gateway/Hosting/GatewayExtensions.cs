using Microsoft.AspNetCore.Connections;
using OrleansMetrics.Gateway.Backup;
using OrleansMetrics.Gateway.Health;
using OrleansMetrics.Gateway.Ingest;
using OrleansMetrics.Gateway.Landing;
using OrleansMetrics.Gateway.OpenApi;
using OrleansMetrics.Gateway.Queries;
using OrleansMetrics.Gateway.Telemetry;

namespace OrleansMetrics.Gateway.Hosting;

/// <summary>All of a gateway: intake, queries, statistics, probes and its documentation.</summary>
public static class GatewayExtensions
{
    /// <summary>
    /// Adds what the endpoints need. The host provides besides: an Orleans client or silo, the batcher and a
    /// <see cref="Stats.INodeReporter"/>.
    /// </summary>
    public static IServiceCollection AddGateway(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<IMemoryPoolFactory<byte>, ReceiveBuffers>();
        services.AddIngest(configuration);
        services.AddQueries();
        services.AddBackup();
        services.AddHealth();
        services.AddTelemetry();
        services.AddOpenApiDocument();
        return services;
    }

    /// <summary>Maps every endpoint of docs/architecture.md.</summary>
    public static IEndpointRouteBuilder MapGateway(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapIngest();
        endpoints.MapQueries();
        endpoints.MapBackup();
        endpoints.MapHealth();
        endpoints.MapTelemetry();
        endpoints.MapOpenApiDocument();
        endpoints.MapLanding();
        return endpoints;
    }
}
