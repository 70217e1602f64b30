using System.Text.Json;

namespace OrleansMetrics.Cli.NodeApi;

/// <summary>The answer of <c>GET /api/stats</c>.</summary>
/// <param name="Cluster">The sums over all nodes.</param>
/// <param name="Nodes">Each node.</param>
/// <param name="Balanced">False when points are missing from the ledger.</param>
internal sealed record StatsAnswer(Ledger Cluster, Ledger[] Nodes, bool Balanced)
{
    /// <summary>Reads an answer; members that this tool does not show may be missing.</summary>
    /// <exception cref="JsonException">It is no such answer.</exception>
    public static StatsAnswer Read(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object
            || !root.TryGetProperty("balanced", out var balanced) || balanced.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
        {
            throw new JsonException("The statistics have no member 'balanced'.");
        }
        Ledger[] nodes = root.TryGetProperty("nodes", out var list) && list.ValueKind == JsonValueKind.Array
            ? [.. list.EnumerateArray().Select(Ledger.Read)]
            : [];
        return new StatsAnswer(Ledger.Read(root), nodes, balanced.GetBoolean());
    }
}
