using System.Text.Json;

namespace OrleansMetrics.Cli.NodeApi;

/// <summary>The parts of an RFC 9457 answer that a person wants to read; empty when the answer is something else.</summary>
internal sealed record ProblemDetails(string? Title, string? Detail, long? Accepted, string? FirstError)
{
    private const int MaxBytes = 64 * 1024;

    /// <summary>Reads at most 64 KiB of the answer's body; a body that is no problem gives an empty one.</summary>
    public static async ValueTask<ProblemDetails> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var buffer = new byte[MaxBytes];
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var length = await body.ReadAtLeastAsync(buffer, MaxBytes, throwOnEndOfStream: false, cancellationToken);
        try
        {
            using var document = JsonDocument.Parse(buffer.AsMemory(0, length));
            var root = document.RootElement;
            return root.ValueKind == JsonValueKind.Object
                ? new ProblemDetails(Text(root, "title"), Text(root, "detail"), Number(root, "accepted"), FirstErrorOf(root))
                : new ProblemDetails(null, null, null, null);
        }
        catch (JsonException)
        {
            return new ProblemDetails(null, null, null, null);
        }
    }

    /// <summary>One line: the status and whatever the node said.</summary>
    public string Describe(HttpResponseMessage response)
    {
        var said = string.Join(": ", new[] { Title, Detail, FirstError }.Where(text => !string.IsNullOrWhiteSpace(text)).Distinct(StringComparer.Ordinal));
        return said.Length > 0 ? $"HTTP {(int)response.StatusCode}, {said}" : $"HTTP {(int)response.StatusCode} {response.ReasonPhrase}";
    }

    private static string? FirstErrorOf(JsonElement root)
    {
        foreach (var name in (ReadOnlySpan<string>)["errors", "lines", "rejectedLines", "rejected"])
        {
            if (root.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array && list.GetArrayLength() > 0)
            {
                return list[0].GetRawText();
            }
        }
        return null;
    }

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static long? Number(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : null;
}
