using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace OrleansMetrics.Gateway.Telemetry;

/// <summary>The process's own metrics, in Prometheus text.</summary>
public static class TelemetryExtensions
{
    /// <summary>Where they are scraped.</summary>
    public const string Path = "/metrics";

    private static readonly string[] Meters =
    [
        "OrleansMetrics.*",
        "Microsoft.Orleans",
        "Microsoft.AspNetCore.Hosting",
        "Microsoft.AspNetCore.Server.Kestrel",
        "System.Runtime",
    ];

    /// <summary>Collects the meters of OrleansMetrics, Orleans, ASP.NET Core, Kestrel and the runtime.</summary>
    public static IServiceCollection AddTelemetry(this IServiceCollection services)
    {
        services.AddOpenTelemetry()
            .ConfigureResource(static resource => resource.AddService("orleansmetrics"))
            .WithMetrics(static metrics => metrics.AddMeter(Meters).AddPrometheusExporter());
        return services;
    }

    /// <summary>
    /// Routes <see cref="Path"/>: Prometheus text, or OpenMetrics when the scraper asks for it. Scrapes within 0.3 s share an answer.
    /// </summary>
    public static IEndpointRouteBuilder MapTelemetry(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPrometheusScrapingEndpoint(Path).DisableHttpMetrics();
        return endpoints;
    }
}
