using Microsoft.Extensions.DependencyInjection.Extensions;
using OrleansMetrics.Gateway.Stats;

namespace OrleansMetrics.Gateway.Queries;

/// <summary>Registration and routes of the endpoints that read: metrics, aggregates, windows and the ledger.</summary>
public static class QueriesExtensions
{
    /// <summary>
    /// Registers what the query endpoints need besides Orleans' <see cref="IGrainFactory"/> and an <see cref="INodeReporter"/>,
    /// which the host provides.
    /// </summary>
    public static IServiceCollection AddQueries(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddProblemDetails();
        return services;
    }

    /// <summary>Routes <c>/api/metrics</c>, <c>/api/metrics/{metric}</c>, <c>/api/metrics/{metric}/windows</c>, <c>/api/stats</c> and <c>/api/cluster</c>.</summary>
    /// <remarks>
    /// Errors are problem details: 400 for a parameter that is unknown or malformed, 404 for a metric never seen, 503 with
    /// Retry-After when the cluster does not answer. Once the first byte of an answer is out, a failure aborts the connection.
    /// </remarks>
    public static IEndpointRouteBuilder MapQueries(this IEndpointRouteBuilder endpoints)
    {
        var api = endpoints.MapGroup("/api")
            .AddEndpointFilter<RouteGroupBuilder, ClusterFailureFilter>()
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        MapMetrics(api);
        api.MapStats();
        api.MapCluster();
        return endpoints;
    }

    private static void MapMetrics(RouteGroupBuilder api)
    {
        var metrics = api.MapGroup("/metrics").WithTags("Queries").ProducesProblem(StatusCodes.Status400BadRequest);
        metrics.MapGet("", CatalogueEndpoint.ListMetrics)
            .WithName("ListMetrics")
            .WithSummary("Lists metrics")
            .WithDescription("Names, kinds, and how many series and points each metric has, in ascending order of names.")
            .Produces<MetricListAnswer>()
            .WithQueryParameters(QueryDocumentation.Match, QueryDocumentation.Limit("metrics"), QueryDocumentation.After);

        metrics.MapGet("/{metric}", AggregatesEndpoints.GetCurrent)
            .WithName("GetMetric")
            .WithSummary("Current aggregates of a metric")
            .WithDescription("Per series: lifetime total, the open windows and the last Windows:Retained final ones.")
            .Produces<MetricAnswer>()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithQueryParameters(QueryDocumentation.Tag, QueryDocumentation.Limit("series"), QueryDocumentation.After);

        metrics.MapGet("/{metric}/windows", WindowsEndpoint.Get)
            .WithName("GetWindows")
            .WithSummary("Windows of a metric in a range of time")
            .WithDescription(
                "Per series, or group of series, the windows of the range, out of memory and history together. Open ones are marked final: false. At most 11,000 windows per "
                + "series. Where history has only longer windows than asked for, these are returned. With Accept: text/csv a line per window.")
            .Produces<RangeAnswer>()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithQueryParameters(
                QueryDocumentation.From, QueryDocumentation.To, QueryDocumentation.Step, QueryDocumentation.Agg, QueryDocumentation.GroupBy, QueryDocumentation.Tag,
                QueryDocumentation.Limit("series"), QueryDocumentation.After);
    }
}
