using OrleansMetrics.Cli.Display;
using OrleansMetrics.Cli.NodeApi;
using Spectre.Console;

namespace OrleansMetrics.Cli.Stats;

/// <summary>The ledger as a table: a column for the cluster and one for each node.</summary>
internal static class LedgerTable
{
    private static readonly (string Name, Func<Ledger, long> Value)[] Rows =
    [
        ("received", ledger => ledger.Received), ("accepted", ledger => ledger.Accepted), ("repeated", ledger => ledger.Repeated),
        ("processed", ledger => ledger.Processed),
        ("late", ledger => ledger.Late), ("in flight", ledger => ledger.InFlight), ("flushes", ledger => ledger.Flushes),
        ("errors", ledger => ledger.Errors),
    ];

    public static Table Render(StatsAnswer stats, bool interactive)
    {
        Ledger[] ledgers = [stats.Cluster, .. stats.Nodes];
        var table = PlainText.Table(interactive, ["", ">cluster", .. stats.Nodes.Select(node => ">" + (node.Node ?? "node"))]);
        foreach (var (name, value) in Rows)
        {
            table.AddRow([PlainText.Cell(name), .. ledgers.Select(ledger => PlainText.Cell(Numbers.Format(value(ledger))))]);
        }
        AddReasons(table, "dropped", ledgers, ledger => ledger.Dropped);
        AddReasons(table, "rejected", ledgers, ledger => ledger.Rejected);
        table.AddRow([PlainText.Cell("balanced"), PlainText.Cell(stats.Balanced ? "yes" : "NO")]);
        return table;
    }

    private static void AddReasons(Table table, string what, Ledger[] ledgers, Func<Ledger, IReadOnlyDictionary<string, long>> counts)
    {
        foreach (var reason in ledgers.SelectMany(ledger => counts(ledger).Keys).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            table.AddRow([
                PlainText.Cell($"{what}: {reason}"),
                .. ledgers.Select(ledger => PlainText.Cell(counts(ledger).TryGetValue(reason, out var count) ? Numbers.Format(count) : "-")),
            ]);
        }
    }
}
