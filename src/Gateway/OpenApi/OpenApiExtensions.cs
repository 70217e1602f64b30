using System.Reflection;
using Microsoft.OpenApi;
using OrleansMetrics.Gateway.Telemetry;

namespace OrleansMetrics.Gateway.OpenApi;

/// <summary>The description of the HTTP surface for people and generators.</summary>
public static class OpenApiExtensions
{
    /// <summary>Where the document is.</summary>
    public const string Path = "/openapi/v1.json";

    /// <summary>
    /// Registers the OpenAPI document. Endpoints describe themselves where they are routed (summary, description, responses); this
    /// adds title, version, and <c>/metrics</c>, which is no route handler.
    /// </summary>
    public static IServiceCollection AddOpenApiDocument(this IServiceCollection services) => services.AddOpenApi("v1", static options =>
        options.AddDocumentTransformer(static (document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "OrleansMetrics",
                Version = Version(),
                Description =
                    "Takes metric points and keeps exact, queryable window aggregates of them. A 2xx to a sender means that its points are " +
                    "durable and will be counted once. Errors are problem details (RFC 9457).",
            };
            document.Paths.TryAdd(TelemetryExtensions.Path, Scrape());
            return Task.CompletedTask;
        }));

    /// <summary>Routes <see cref="Path"/>.</summary>
    public static IEndpointRouteBuilder MapOpenApiDocument(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapOpenApi("/openapi/{documentName}.json");
        return endpoints;
    }

    private static string Version() =>
        typeof(OpenApiExtensions).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    private static OpenApiPathItem Scrape() => new()
    {
        Operations = new Dictionary<HttpMethod, OpenApiOperation>
        {
            [HttpMethod.Get] = new()
            {
                OperationId = "GetOwnMetrics",
                Summary = "The process's own metrics",
                Description = "Prometheus text, or OpenMetrics when the Accept header asks for it. Listed in docs/metrics.md.",
                Responses = new OpenApiResponses
                {
                    ["200"] = new OpenApiResponse
                    {
                        Description = "OK",
                        Content = new Dictionary<string, OpenApiMediaType>
                        {
                            ["text/plain"] = new() { Schema = new OpenApiSchema { Type = JsonSchemaType.String } },
                        },
                    },
                },
                Tags = new HashSet<OpenApiTagReference> { new("Operations") },
            },
        },
    };
}
