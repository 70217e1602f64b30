using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.OpenApi;
using OrleansMetrics.Gateway.OpenApi;
using OrleansMetrics.Gateway.Queries;

namespace OrleansMetrics.Gateway.Backup;

/// <summary>Registration and routes of the endpoints that take the history of a metric out of the cluster, and into one.</summary>
public static class BackupExtensions
{
    private const string Lines = "application/x-ndjson";

    /// <summary>Registers what the endpoints need besides Orleans' <see cref="IGrainFactory"/> and what intake registers.</summary>
    public static IServiceCollection AddBackup(this IServiceCollection services)
    {
        services.TryAddSingleton<ImportHandler>();
        return services;
    }

    /// <summary>Routes <c>GET</c> and <c>POST /api/metrics/{metric}/backup</c>: lines of JSON, docs/formats/export.md.</summary>
    /// <remarks>
    /// POST: 200 every window was taken, was there already or is too old to be kept; 400 some lines were refused, the others were judged; 409 the metric is of another kind, or has no history;
    /// 413, 415, 408, 503: send the same again, in smaller parts or later. What is there is not imported twice.
    /// </remarks>
    public static IEndpointRouteBuilder MapBackup(this IEndpointRouteBuilder endpoints)
    {
        var group = endpoints.MapGroup("/api/metrics/{metric}/backup").WithTags("Backup")
            .AddEndpointFilter<RouteGroupBuilder, ClusterFailureFilter>()
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        group.MapGet("", ExportEndpoint.Get)
            .WithName("ExportMetric")
            .WithSummary("Exports the history of a metric")
            .WithDescription("The final windows, a JSON object a line, with all that history keeps of them: each point in one window, the shortest that there still is. To be posted to this path of another cluster.")
            .Produces(StatusCodes.Status200OK, contentType: Lines)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithQueryParameters(QueryDocumentation.From, QueryDocumentation.To, QueryDocumentation.Tag);
        group.MapPost("", static (string metric, HttpContext context, ImportHandler handler) => handler.HandleAsync(metric, context))
            .WithName("ImportMetric")
            .WithSummary("Imports history of a metric")
            .WithDescription(
                "Windows, a JSON object a line: start, end, count, and values, or sum, min, max, last and sketch; tags, kind, lastUpdated. Windows of a series that has any at their time are left out: a request can be "
                + "repeated. Windows of a series should follow each other. Content-Encoding gzip or deflate.")
            .AddOpenApiOperationTransformer(static (operation, _, _) =>
            {
                operation.RequestBody = new OpenApiRequestBody
                {
                    Required = true,
                    Content = new Dictionary<string, OpenApiMediaType> { [Lines] = new() { Schema = new OpenApiSchema { Type = JsonSchemaType.String } } },
                };
                return Task.CompletedTask;
            })
            .Produces<ImportAnswer>()
            .ProducesProblem(StatusCodes.Status408RequestTimeout)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType);
        return endpoints;
    }
}
