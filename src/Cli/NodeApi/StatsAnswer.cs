using System.Text.Json;

namespace OrleansMetrics.Cli.NodeApi;

/// <summary>The answer of <c>GET /api/stats</c>.</summary>
/// <param name="Cluster">The sums over all nodes.</param>
/// <param name="Nodes">Each node.</param>
/// <param name="Balanced">False when points are missing from the ledger.</param>
internal sealed record StatsAnswer(Ledger Cluster, Ledger[] Nodes, bool Balanced)
{
    /// <summary>
    /// Reads an answer. The cluster's counters stand under <c>cluster</c> or at the top; <c>nodes</c> is an array, or an object by name.
    /// </summary>
    /// <exception cref="JsonException">It is no such answer.</exception>
    public static StatsAnswer Read(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException("The statistics are not an object.");
        }
        var cluster = root.TryGetProperty("cluster", out var inner) && inner.ValueKind == JsonValueKind.Object ? inner : root;
        var nodes = root.TryGetProperty("nodes", out var list) ? list.ValueKind switch
        {
            JsonValueKind.Array => [.. list.EnumerateArray().Select(Ledger.Read)],
            JsonValueKind.Object => [.. list.EnumerateObject().Select(node => Ledger.Read(node.Value) with { Node = node.Name })],
            _ => Array.Empty<Ledger>(),
        } : [];
        if (!(root.TryGetProperty("balanced", out var balanced) || cluster.TryGetProperty("balanced", out balanced))
            || balanced.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
        {
            throw new JsonException("The statistics have no member 'balanced'.");
        }
        return new StatsAnswer(Ledger.Read(cluster), nodes, balanced.GetBoolean());
    }
}
