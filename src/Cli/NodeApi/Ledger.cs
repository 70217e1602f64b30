using System.Text.Json;

namespace OrleansMetrics.Cli.NodeApi;

/// <summary>
/// The counters of the cluster, where <c>accepted = processed + dropped + inFlight</c> (late points are among the dropped), or those that a
/// node counted since it started.
/// </summary>
internal sealed record Ledger
{
    /// <summary>Name of the node; null for the cluster.</summary>
    public string? Node { get; init; }

    public long Received { get; init; }

    public long Accepted { get; init; }

    /// <summary>Points of repeated requests, acknowledged and not counted again. A node's own, and their sum.</summary>
    public long Repeated { get; init; }

    public long Processed { get; init; }

    public long Late { get; init; }

    public long InFlight { get; init; }

    public long Flushes { get; init; }

    public long Errors { get; init; }

    /// <summary>Points refused before they were accepted, by reason.</summary>
    public IReadOnlyDictionary<string, long> Rejected { get; init; } = new Dictionary<string, long>();

    /// <summary>Points accepted and left out of the aggregates, by reason. Only the cluster has them.</summary>
    public IReadOnlyDictionary<string, long> Dropped { get; init; } = new Dictionary<string, long>();

    /// <summary>Points that the ledger cannot account for: 0 when it balances.</summary>
    public long Missing => Accepted - Processed - InFlight - AllDropped;

    /// <summary>Points accepted and left out of the aggregates, for whatever reason.</summary>
    public long AllDropped => Dropped.Count > 0 ? Dropped.Values.Sum() : Late;

    /// <summary>Reads the members that are there; a counter that is missing is 0.</summary>
    public static Ledger Read(JsonElement element) => new()
    {
        Node = Text(element, "node"),
        Received = Number(element, "received"),
        Accepted = Number(element, "accepted"),
        Repeated = Number(element, "repeated"),
        Processed = Number(element, "processed"),
        Late = Number(element, "late"),
        InFlight = Number(element, "inFlight"),
        Flushes = Number(element, "flushes"),
        Errors = Number(element, "errors"),
        Rejected = ByReason(element, "rejected"),
        Dropped = ByReason(element, "dropped"),
    };

    private static Dictionary<string, long> ByReason(JsonElement element, string name) =>
        element.TryGetProperty(name, out var reasons) && reasons.ValueKind == JsonValueKind.Object
            ? reasons.EnumerateObject().ToDictionary(reason => reason.Name, reason => reason.Value.GetInt64(), StringComparer.Ordinal)
            : [];

    /// <summary>A counter; 0 when it is missing.</summary>
    public static long Number(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetInt64() : 0;

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
