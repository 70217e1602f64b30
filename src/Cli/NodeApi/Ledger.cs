using System.Text.Json;

namespace OrleansMetrics.Cli.NodeApi;

/// <summary>The counters of a node or of the cluster: <c>accepted = processed + late + inFlight</c> when nothing moves.</summary>
internal sealed record Ledger
{
    /// <summary>Name of the node; null for the cluster.</summary>
    public string? Node { get; init; }

    public long Received { get; init; }

    public long Accepted { get; init; }

    public long Processed { get; init; }

    public long Late { get; init; }

    public long InFlight { get; init; }

    public long Flushes { get; init; }

    public long Errors { get; init; }

    public IReadOnlyDictionary<string, long> Rejected { get; init; } = new Dictionary<string, long>();

    /// <summary>Reads the members that are there; a counter that is missing is 0.</summary>
    public static Ledger Read(JsonElement element) => new()
    {
        Node = Text(element, "node") ?? Text(element, "name"),
        Received = Number(element, "received"),
        Accepted = Number(element, "accepted"),
        Processed = Number(element, "processed"),
        Late = Number(element, "late"),
        InFlight = Number(element, "inFlight"),
        Flushes = Number(element, "flushes"),
        Errors = Number(element, "errors"),
        Rejected = element.TryGetProperty("rejected", out var rejected) && rejected.ValueKind == JsonValueKind.Object
            ? rejected.EnumerateObject().ToDictionary(reason => reason.Name, reason => reason.Value.GetInt64(), StringComparer.Ordinal)
            : new Dictionary<string, long>(),
    };

    private static long Number(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetInt64() : 0;

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
