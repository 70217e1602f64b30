using System.Text.Encodings.Web;
using System.Text.Json;
using OrleansMetrics.Streams.Batching;

namespace OrleansMetrics.Gateway.Ingest;

/// <summary>What a sender is told: 204, or problem details (RFC 9457) with <c>accepted</c>, <c>rejected</c> and <c>errors</c> where points were judged.</summary>
internal readonly record struct IngestAnswer(int Status, string Title = "", string Detail = "", long? Accepted = null, bool Replayed = false, string? Overflow = null)
{
    private const string RetryAfterSeconds = "1";

    public static IngestAnswer Stored { get; } = new(StatusCodes.Status204NoContent);

    public static IngestAnswer GateClosed { get; } = new(
        StatusCodes.Status503ServiceUnavailable, "Not taking points", "The node takes no points at the moment. Nothing was taken; try again.");

    public static IngestAnswer Overloaded { get; } = new(
        StatusCodes.Status503ServiceUnavailable, "Overloaded", "The node or the log is at its bound. Try the whole request again.");

    public static IngestAnswer Failed { get; } = new(
        StatusCodes.Status503ServiceUnavailable, "Log failed",
        "The log's store failed. Some of the points may have been counted; repeating the request may count them twice. A request with an "
        + $"{IdempotencyKey.Header} can be repeated safely.");

    public static IngestAnswer FailedRepeatable { get; } = Failed with
    {
        Detail = $"The log's store failed. Some of the points may have been counted. Repeat the request with the same {IdempotencyKey.Header}: each point is counted once.",
    };

    public static IngestAnswer InvalidKey { get; } = Bad(
        $"Invalid {IdempotencyKey.Header}",
        $"The key must be one header of 1 to {IdempotencyKey.MaxLength} visible ASCII characters, bare or in double quotes. Nothing was taken.");

    public static IngestAnswer UnknownEncoding { get; } = new(
        StatusCodes.Status415UnsupportedMediaType, "Unsupported content encoding", "The body may be sent plain, as gzip or as deflate (zlib).");

    public static IngestAnswer UnknownPrecision { get; } = Bad("Invalid precision", "The precision may be ns, us, ms, s, and as InfluxDB 1 has it n, u, m, h.");

    public static IngestAnswer Corrupt { get; } = Bad("Corrupt body", "The body is not what its Content-Encoding says, or ends too early. Nothing was taken.");

    public static IngestAnswer BrokenOff { get; } = Bad("Incomplete body", "The body ended too early or is framed wrongly. Nothing was taken.");

    public static IngestAnswer TimedOut { get; } = new(
        StatusCodes.Status408RequestTimeout, "Body too slow", "The body did not arrive in time. Nothing was taken.");

    public static IngestAnswer TooLarge(long maxBytes) => new(
        StatusCodes.Status413PayloadTooLarge, "Body too large", $"A body may have {maxBytes} bytes after decompression. Nothing was taken.");

    public static IngestAnswer PartlyStored(IngestReport report, long accepted) => Bad(
        "Points rejected", $"{report.Rejected} of {report.Received} points were rejected; the others were accepted.") with
    { Accepted = accepted };

    /// <summary>Whether the batcher may hold the points still.</summary>
    public bool IsFailure => Title == Failed.Title;

    /// <summary>The answer is read as JSON, never as part of a page: quotes are escaped as \", not as \u0022.</summary>
    private static readonly JsonWriterOptions JsonOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes the answer. Lists the report's errors if points were judged.</summary>
    public async Task WriteAsync(HttpContext context, IngestReport report)
    {
        context.Response.StatusCode = Status;
        if (Replayed)
        {
            context.Response.Headers[IdempotencyKey.ReplayedHeader] = "true";
        }

        if (Overflow is not null)
        {
            context.Response.Headers[SeriesOverflow.Header] = Overflow;
        }

        if (Status == StatusCodes.Status204NoContent)
        {
            return;
        }

        if (Status == StatusCodes.Status503ServiceUnavailable)
        {
            context.Response.Headers.RetryAfter = RetryAfterSeconds;
        }

        context.Response.ContentType = "application/problem+json";
        await using var writer = new Utf8JsonWriter(context.Response.BodyWriter, JsonOptions);
        writer.WriteStartObject();
        writer.WriteString("title", Title);
        writer.WriteNumber("status", Status);
        writer.WriteString("detail", Detail);
        if (Accepted is { } accepted)
        {
            writer.WriteNumber("accepted", accepted);
            writer.WriteNumber("rejected", report.Rejected);
            WriteErrors(writer, report);
        }

        writer.WriteEndObject();
    }

    private static IngestAnswer Bad(string title, string detail) => new(StatusCodes.Status400BadRequest, title, detail);

    private static void WriteErrors(Utf8JsonWriter writer, IngestReport report)
    {
        writer.WriteStartArray("errors");
        foreach (var error in report.Errors)
        {
            writer.WriteStartObject();
            writer.WriteNumber("line", error.Line);
            if (error.Index is { } index)
            {
                writer.WriteNumber("index", index);
            }

            writer.WriteString("reason", error.Reason.Name());
            writer.WriteString("message", error.Message);
            writer.WriteString("text", error.Text);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
