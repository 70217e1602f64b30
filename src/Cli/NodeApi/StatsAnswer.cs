using System.Text.Json;

namespace OrleansMetrics.Cli.NodeApi;

/// <summary>The answer of <c>GET /api/stats</c>.</summary>
/// <param name="Cluster">The sums over all nodes.</param>
/// <param name="Nodes">Each node.</param>
/// <param name="Partitions">Each partition, in order of their numbers.</param>
/// <param name="Balanced">False when points are missing from the ledger.</param>
internal sealed record StatsAnswer(Ledger Cluster, Ledger[] Nodes, PartitionLedger[] Partitions, bool Balanced)
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
        Ledger[] nodes = [.. List(root, "nodes").Select(Ledger.Read)];
        PartitionLedger[] partitions = [.. List(root, "partitions").Select(PartitionLedger.Read).OrderBy(partition => partition.Number)];
        return new StatsAnswer(Ledger.Read(root), nodes, partitions, balanced.GetBoolean());
    }

    private static JsonElement[] List(JsonElement root, string name) =>
        root.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray()] : [];
}
