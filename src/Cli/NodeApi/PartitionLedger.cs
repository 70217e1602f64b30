using System.Text.Json;

namespace OrleansMetrics.Cli.NodeApi;

/// <summary>A partition: its ledger and where it stands in its log.</summary>
/// <param name="Number">The partition, from 0.</param>
/// <param name="Ledger">Its points.</param>
/// <param name="Head">Position of the log's last record.</param>
/// <param name="Position">Position of the last record that was routed to aggregators.</param>
/// <param name="Lag">Records in the log that have not been routed.</param>
/// <param name="Checkpoint">Everything up to here is in snapshots.</param>
/// <param name="Balanced">What the node says about the ledger.</param>
/// <param name="Replaying">Records are being read back from the log.</param>
/// <param name="Stalled">Metrics whose aggregator does not answer.</param>
internal sealed record PartitionLedger(int Number, Ledger Ledger, long Head, long Position, long Lag, long Checkpoint, bool Balanced, bool Replaying, long Stalled)
{
    /// <summary>Reads the members that are there; a partition that says nothing about its balance is judged by its ledger.</summary>
    public static PartitionLedger Read(JsonElement element)
    {
        var ledger = Ledger.Read(element);
        return new PartitionLedger(
            (int)Ledger.Number(element, "partition"),
            ledger,
            Ledger.Number(element, "head"),
            Ledger.Number(element, "position"),
            Ledger.Number(element, "recordsBehind"),
            Ledger.Number(element, "checkpoint"),
            !element.TryGetProperty("balanced", out var balanced) || balanced.ValueKind != JsonValueKind.False,
            element.TryGetProperty("replaying", out var replaying) && replaying.ValueKind == JsonValueKind.True,
            Ledger.Number(element, "stalled"));
    }
}
