using OrleansMetrics.Cli.Display;
using OrleansMetrics.Cli.NodeApi;
using Spectre.Console;

namespace OrleansMetrics.Cli.Verify;

/// <summary>The ledger as an equation: a row for each partition and one for the cluster.</summary>
internal static class PartitionTable
{
    public static Table Render(StatsAnswer stats, bool interactive)
    {
        var table = PlainText.Table(
            interactive, ">partition", ">accepted", ">processed", "dropped", ">in flight", ">missing", ">head", ">position", ">lag", ">checkpoint", "state");
        foreach (var partition in stats.Partitions)
        {
            AddRow(table, Numbers.Format(partition.Number), partition.Ledger, [partition.Head, partition.Position, partition.Lag, partition.Checkpoint], State(partition));
        }
        AddRow(table, "cluster", stats.Cluster, [null, null, stats.Partitions.Sum(partition => partition.Lag), null], stats.Balanced ? "" : "NOT BALANCED");
        return table;
    }

    private static void AddRow(Table table, string name, Ledger ledger, long?[] positions, string state)
    {
        string[] cells =
        [
            name, Numbers.Format(ledger.Accepted), Numbers.Format(ledger.Processed), Dropped(ledger), Numbers.Format(ledger.InFlight), Numbers.Format(ledger.Missing),
            .. positions.Select(position => position is { } known ? Numbers.Format(known) : "-"), state,
        ];
        table.AddRow(cells.Select(PlainText.Cell));
    }

    private static string Dropped(Ledger ledger) => ledger.AllDropped == 0 ? "0" : ledger.Dropped.Count == 0 ? $"late={ledger.Late}" : string.Join(
        ',', ledger.Dropped.Where(reason => reason.Value != 0).OrderBy(reason => reason.Key, StringComparer.Ordinal).Select(reason => $"{reason.Key}={reason.Value}"));

    private static string State(PartitionLedger partition)
    {
        var states = new List<string>();
        if (!partition.Balanced || partition.Ledger.Missing != 0)
        {
            states.Add("NOT BALANCED");
        }
        if (partition.Replaying)
        {
            states.Add("replaying");
        }
        if (partition.Stalled > 0)
        {
            states.Add($"{partition.Stalled} stalled");
        }
        return string.Join(", ", states);
    }
}
