using System.Net;
using System.Text.Json;

namespace OrleansMetrics.Cli.NodeApi;

/// <summary>How a request with windows ended.</summary>
/// <param name="Status">The kind of ending.</param>
/// <param name="Detail">One line for people; empty when all is well.</param>
internal sealed record ImportOutcome(PostStatus Status, string Detail = "")
{
    /// <summary>How long the node asked to wait; null when it did not.</summary>
    public TimeSpan? RetryAfter { get; init; }

    public long Imported { get; init; }

    public long AlreadyThere { get; init; }

    public long Expired { get; init; }

    public long Rejected { get; init; }

    /// <summary>The first lines that were rejected.</summary>
    public (long Line, string Reason, string Message)[] Errors { get; init; } = [];

    /// <summary>Reads the answer. Of a body that is not understood only the status counts.</summary>
    public static async ValueTask<ImportOutcome> ReadAsync(HttpResponseMessage response, TimeProvider time, CancellationToken cancellationToken)
    {
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        var root = default(JsonElement);
        try
        {
            using var document = JsonDocument.Parse(body);
            root = document.RootElement.Clone();
        }
        catch (JsonException)
        {
            // An answer of something else, such as a proxy.
        }

        var known = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("imported", out _);
        var status = response.StatusCode switch
        {
            HttpStatusCode.OK when known => PostStatus.Accepted,
            HttpStatusCode.BadRequest when known && Number(root, "rejected") > 0 => PostStatus.PartlyRejected,
            HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout or HttpStatusCode.BadGateway or HttpStatusCode.GatewayTimeout => PostStatus.Overloaded,
            _ => PostStatus.Refused,
        };
        var wait = response.Headers.RetryAfter?.Delta ?? (response.Headers.RetryAfter?.Date - time.GetUtcNow());
        return new ImportOutcome(status, $"HTTP {(int)response.StatusCode}, {Text(root, "title")}: {Text(root, "detail")}")
        {
            RetryAfter = wait,
            Imported = Number(root, "imported"),
            AlreadyThere = Number(root, "alreadyThere"),
            Expired = Number(root, "expired"),
            Rejected = Number(root, "rejected"),
            Errors = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Array
                ? [.. errors.EnumerateArray().Select(static error => (Number(error, "line"), Text(error, "reason"), Text(error, "message")))]
                : [],
        };
    }

    private static string Text(JsonElement root, string name) =>
        root.ValueKind == JsonValueKind.Object && root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static long Number(JsonElement root, string name) =>
        root.ValueKind == JsonValueKind.Object && root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : 0;
}
