using System.Text;

namespace OrleansMetrics.Gateway.Ingest;

/// <summary>What clients of InfluxDB ask besides writing: whether the server is there, and to create a database.</summary>
internal static class InfluxCompatibility
{
    private const int MaxQueryBytes = 64 * 1024;
    private static readonly byte[] EmptyResult = Encoding.ASCII.GetBytes("{\"results\":[{}]}");

    /// <summary>204 with a version, as InfluxDB answers; clients take the version to choose their dialect.</summary>
    public static void Ping(HttpContext context)
    {
        context.Response.Headers["X-Influxdb-Version"] = "1.8.10-orleansmetrics";
        context.Response.Headers["X-Influxdb-Build"] = "OSS";
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    /// <summary>Telegraf's first request is <c>CREATE DATABASE</c>; there are no databases here, so that it always succeeds.</summary>
    public static async Task<IResult> QueryAsync(HttpContext context)
    {
        var query = context.Request.Query["q"].ToString();
        if (query.Length == 0 && await ReadFormQueryAsync(context) is { } posted)
        {
            query = posted;
        }

        return query.TrimStart().StartsWith("CREATE DATABASE", StringComparison.OrdinalIgnoreCase)
            ? TypedResults.Bytes(EmptyResult, "application/json")
            : TypedResults.Problem(
                "Only CREATE DATABASE is understood, and does nothing. Queries are answered at /api/metrics.",
                statusCode: StatusCodes.Status400BadRequest,
                title: "Unsupported query");
    }

    private static async Task<string?> ReadFormQueryAsync(HttpContext context)
    {
        if (!context.Request.HasFormContentType || context.Request.ContentLength > MaxQueryBytes)
        {
            return null;
        }

        try
        {
            var form = await context.Request.ReadFormAsync(
                new Microsoft.AspNetCore.Http.Features.FormOptions { BufferBodyLengthLimit = MaxQueryBytes, ValueLengthLimit = MaxQueryBytes },
                context.RequestAborted);
            return form["q"];
        }
        catch (Exception e) when (e is IOException or InvalidDataException or OperationCanceledException)
        {
            // A form that cannot be read holds no query.
            return null;
        }
    }
}
