using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace OrleansMetrics.Gateway.Queries;

/// <summary>The parameters that queries read from the query string by hand, for the OpenAPI document.</summary>
internal static class QueryDocumentation
{
    private const string TimeForms = "RFC 3339, Unix seconds, now, or a time before now such as -30m (s, m, h, d, w).";

    /// <summary>A glob over names.</summary>
    public static OpenApiParameter Match => Text("match", "A glob over the whole name: * any run of characters, ? one.", "cpu.*");

    /// <summary>Start of a range.</summary>
    public static OpenApiParameter From => Text("from", $"Only windows that end after this instant: {TimeForms}", "-1h");

    /// <summary>End of a range.</summary>
    public static OpenApiParameter To => Text("to", $"Only windows that start before this instant: {TimeForms}", "now");

    /// <summary>Length of windows.</summary>
    public static OpenApiParameter Step => Text("step", "Length of the windows: a whole number and s, m, h, d or w; a multiple of the length of a window. Without it, windows as they are kept.", "1m");

    /// <summary>Members of windows.</summary>
    public static OpenApiParameter Agg => Text("agg", "Only these members of windows, separated by commas: count, sum, min, max, mean, last, revision, p50, p99.9, rate, per second, of counters, and distinct of sets.", "mean,p99");

    /// <summary>Tags to group by.</summary>
    public static OpenApiParameter GroupBy => Text("groupBy", "Names of tags, separated by commas: series with the same values of these are merged into one; * merges all.", "region");

    /// <summary>A tag that series must have.</summary>
    public static OpenApiParameter Tag => Text(
        "tag.NAME",
        "Only series whose tag NAME has exactly this value; put the tag's name for NAME. Repeat with other names to narrow further.",
        "server-0");

    /// <summary>The cursor.</summary>
    public static OpenApiParameter After => Text("after", "The next of the answer before.", null);

    /// <summary>The size of a page.</summary>
    public static OpenApiParameter Limit(string unit) => new()
    {
        Name = "limit",
        In = ParameterLocation.Query,
        Description = $"Most {unit} of the answer.",
        Schema = new OpenApiSchema
        {
            Type = JsonSchemaType.Integer,
            Minimum = "1",
            Maximum = AggregatesEndpoints.MaxLimit.ToString(CultureInfo.InvariantCulture),
            Default = JsonValue.Create(AggregatesEndpoints.DefaultLimit),
        },
    };

    /// <summary>Adds parameters to the endpoint's operation.</summary>
    public static RouteHandlerBuilder WithQueryParameters(this RouteHandlerBuilder builder, params OpenApiParameter[] parameters) =>
        builder.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.Parameters ??= [];
            foreach (var parameter in parameters)
            {
                operation.Parameters.Add(parameter);
            }

            foreach (var parameter in operation.Parameters.OfType<OpenApiParameter>().Where(p => p is { Name: "metric", In: ParameterLocation.Path }))
            {
                parameter.Description = "The metric's name, percent-encoded: a slash is %2F.";
            }

            return Task.CompletedTask;
        });

    private static OpenApiParameter Text(string name, string description, string? example) => new()
    {
        Name = name,
        In = ParameterLocation.Query,
        Description = description,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
        Example = example is null ? null : JsonValue.Create(example),
    };
}
