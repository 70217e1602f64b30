using Microsoft.OpenApi;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.ObjectPool;
using Microsoft.Extensions.Options;
using OrleansMetrics.Streams.Batching;

namespace OrleansMetrics.Gateway.Ingest;

/// <summary>Registration and routes of the endpoints that take points.</summary>
public static class IngestExtensions
{
    private const string JsonDescription =
        "An array of objects, one object, or objects one after another: metric, value (number or boolean; of a set a text, too), timestamp (RFC 3339, or Unix "
        + "milliseconds as a number; default now), tags (an object of strings), kind (of the metric: "
        + "gauge, counter, cumulative_counter, distribution or set; default what the metric is, and gauge). Content-Encoding gzip or deflate. " + KeyDescription;

    private const string LinesDescription =
        "InfluxDB line protocol. Field value is the metric named as the measurement, any other the metric measurement_field. "
        + "Parameter precision: ns (default), us, ms, s, and of InfluxDB 1 n, u, m, h. Content-Encoding gzip or deflate. " + KeyDescription;

    private const string KeyDescription =
        "A request with an Idempotency-Key can be repeated, to this node or another, until it is answered: within Log:DuplicateWindow the points "
        + "of the same key and body are counted once. The repeat of a counted request is answered as the first, with Idempotent-Replayed: true.";

    /// <summary>
    /// Registers intake over HTTP. The host provides an <see cref="IPointBatcher"/> and the log
    /// (<see cref="Streams.PointLog.IPointLog"/>), whose number of partitions the series cache takes.
    /// </summary>
    /// <remarks>Turns the runtime's strict validation of compressed streams on; call it before anything decompresses.</remarks>
    public static IServiceCollection AddIngest(this IServiceCollection services, IConfiguration configuration)
    {
        ContentDecoding.RequireStrictValidation();
        services.AddOptions<IngestOptions>().Bind(configuration.GetSection(IngestOptions.Section)).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<IngestOptions>, IngestOptionsValidator>());
        services.AddMetrics();
        services.AddPointTimes(configuration);
        services.AddSeriesCache(configuration);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IngestStatistics>();
        services.TryAddSingleton<IngestGate>();
        services.TryAddSingleton(provider => new InFlightBudget(provider.GetRequiredService<IOptions<IngestOptions>>().Value.MaxInFlightBytes));
        services.TryAddSingleton<GatewayInstruments>();
        services.TryAddSingleton<ObjectPool<IngestRequest>>(provider => new DefaultObjectPool<IngestRequest>(
            ActivatorUtilities.CreateInstance<IngestRequestPolicy>(provider)));
        services.TryAddSingleton<SeriesOverflow>();
        services.TryAddSingleton<IngestHandler>();
        return services;
    }

    /// <summary>
    /// Routes <c>POST /api/points</c> (JSON), <c>POST /write</c> and <c>POST /api/v2/write</c> (line protocol), and what clients of InfluxDB
    /// ask besides: <c>/ping</c> and <c>POST /query</c>.
    /// </summary>
    /// <remarks>
    /// 204: all points are durable. 400: problem details name what was refused; the valid points are durable. 413, 415, 408: nothing was taken.
    /// 503 with Retry-After: overloaded or shutting down, nothing was taken; or the log failed, and points may have been counted.
    /// A request with an <c>Idempotency-Key</c> may be repeated after any answer and after none; it is counted once.
    /// </remarks>
    public static IEndpointRouteBuilder MapIngest(this IEndpointRouteBuilder endpoints)
    {
        var group = endpoints.MapGroup("").WithTags("Ingest");
        MapIntake(group, "/api/points", IngestProtocol.Json, "PostPoints", "Takes points as JSON", JsonDescription, "application/json", "application/x-ndjson");
        MapIntake(group, "/write", IngestProtocol.LineProtocol, "WriteV1", "Takes line protocol, as InfluxDB 1", LinesDescription, "text/plain");
        MapIntake(group, "/api/v2/write", IngestProtocol.LineProtocol, "WriteV2", "Takes line protocol, as InfluxDB 2", LinesDescription, "text/plain");
        group.MapMethods("/ping", [HttpMethods.Get, HttpMethods.Head], InfluxCompatibility.Ping).ExcludeFromDescription();
        group.MapPost("/query", (Delegate)InfluxCompatibility.QueryAsync).ExcludeFromDescription();
        return endpoints;
    }

    private static void MapIntake(
        RouteGroupBuilder group,
        string path,
        IngestProtocol protocol,
        string name,
        string summary,
        string description,
        string contentType,
        params string[] otherTypes)
    {
        group.MapPost(path, (HttpContext context, IngestHandler handler) => handler.HandleAsync(context, protocol))
            .WithName(name)
            .WithSummary(summary)
            .WithDescription(description)
            .AddOpenApiOperationTransformer((operation, _, _) =>
            {
                // Documented, not enforced: curl sends line protocol as a form unless told otherwise, and so do old clients.
                operation.RequestBody = new OpenApiRequestBody
                {
                    Required = true,
                    Content = otherTypes.Prepend(contentType).ToDictionary(
                        static type => type, static _ => new OpenApiMediaType { Schema = new OpenApiSchema { Type = JsonSchemaType.String } }),
                };
                operation.Parameters = [.. operation.Parameters ?? [], IdempotencyKeyParameter()];
                return Task.CompletedTask;
            })
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status408RequestTimeout)
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
    }

    private static OpenApiParameter IdempotencyKeyParameter() => new()
    {
        Name = IdempotencyKey.Header,
        In = ParameterLocation.Header,
        Description = "The sender's name for the request: visible ASCII characters, bare or in double quotes. Different for each request.",
        Schema = new OpenApiSchema { Type = JsonSchemaType.String, MinLength = 1, MaxLength = IdempotencyKey.MaxLength },
    };
}
