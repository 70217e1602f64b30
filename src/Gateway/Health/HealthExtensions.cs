using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace OrleansMetrics.Gateway.Health;

/// <summary>Registration and routes of the probes.</summary>
public static class HealthExtensions
{
    /// <summary>The tag of the checks that <c>/health/live</c> runs.</summary>
    public const string LiveTag = "live";

    /// <summary>The tag of the checks that <c>/health/ready</c> runs. Other parts of a node add theirs with it.</summary>
    public const string ReadyTag = "ready";

    /// <summary>The tag of the checks that <c>/health/startup</c> runs.</summary>
    public const string StartupTag = "startup";

    /// <summary>
    /// Registers the checks of a gateway: those of every process, and <c>catalogue</c> (ready). Needs Orleans' <see cref="IGrainFactory"/>.
    /// </summary>
    public static IServiceCollection AddHealth(this IServiceCollection services)
    {
        services.AddProcessHealth();
        services.AddHealthChecks().AddCheck<CatalogueHealthCheck>("catalogue", tags: [ReadyTag]);
        return services;
    }

    /// <summary>
    /// Registers <see cref="ReadinessState"/>, which the host moves on, and the checks of every process: <c>process</c> (live),
    /// <c>started</c> (start-up) and <c>lifecycle</c> (ready).
    /// </summary>
    public static IServiceCollection AddProcessHealth(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ReadinessState>();
        services.AddHealthChecks()
            .AddCheck("process", static () => HealthCheckResult.Healthy("Answering requests."), [LiveTag])
            .AddCheck<StartupHealthCheck>("started", tags: [StartupTag])
            .AddCheck<LifecycleHealthCheck>("lifecycle", tags: [ReadyTag]);
        return services;
    }

    /// <summary>Registers the check <c>log</c> (ready). Needs the log.</summary>
    public static IServiceCollection AddLogHealth(this IServiceCollection services)
    {
        services.AddHealthChecks().AddCheck<LogHealthCheck>("log", tags: [ReadyTag]);
        return services;
    }

    /// <summary>
    /// Routes <c>/health/live</c> (restart the process when it fails), <c>/health/ready</c> (send it no requests while it
    /// fails) and <c>/health/startup</c> (do not ask the others while it fails): 200, or 503 when a check is unhealthy, with <see cref="HealthAnswer"/> as the body.
    /// </summary>
    public static IEndpointRouteBuilder MapHealth(this IEndpointRouteBuilder endpoints)
    {
        var health = endpoints.MapGroup("/health").WithTags("Operations").DisableHttpMetrics();
        MapProbe(health, "/live", LiveTag)
            .WithName("GetLive")
            .WithSummary("Liveness probe")
            .WithDescription("Whether the process answers at all. Depends on nothing outside of it.");
        MapProbe(health, "/ready", ReadyTag)
            .WithName("GetReady")
            .WithSummary("Readiness probe")
            .WithDescription(
                "Whether points can be accepted and delivered: the process has started, is not shutting down, and log and partitions answer.");
        MapProbe(health, "/startup", StartupTag)
            .WithName("GetStartup")
            .WithSummary("Start-up probe")
            .WithDescription("Whether the process has finished starting. Stays so.");
        return endpoints;
    }

    private static RouteHandlerBuilder MapProbe(RouteGroupBuilder health, string path, string tag) =>
        health.MapGet(path, async (HealthCheckService checks, HttpContext context) =>
            {
                var report = await checks.CheckHealthAsync(c => c.Tags.Contains(tag), context.RequestAborted);
                context.Response.Headers.CacheControl = "no-store";
                return TypedResults.Json(
                    HealthAnswer.Of(report),
                    HealthJsonContext.Default.HealthAnswer,
                    statusCode: report.Status == HealthStatus.Unhealthy ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK);
            })
            .Produces<HealthAnswer>()
            .Produces<HealthAnswer>(StatusCodes.Status503ServiceUnavailable);
}
