using OrleansMetrics.Cli.NodeApi;

namespace OrleansMetrics.Cli.Stats;

/// <summary>Judges a ledger: <c>accepted = processed + dropped + inFlight</c>, in every partition and in the sums.</summary>
internal static class Balance
{
    /// <summary>What does not balance, one line for each; empty when all does.</summary>
    public static IReadOnlyList<string> Problems(StatsAnswer stats)
    {
        var problems = stats.Partitions.Where(partition => !partition.Balanced || partition.Ledger.Missing != 0)
            .Select(partition => $"partition {partition.Number}: {Describe(partition.Ledger)}").ToList();
        if (stats.Cluster.Missing != 0 || (!stats.Balanced && problems.Count == 0))
        {
            problems.Add($"cluster: {Describe(stats.Cluster)}");
        }
        if (stats.Partitions.Length > 0 && stats.Partitions.Sum(partition => partition.Ledger.Accepted) is var sum && sum != stats.Cluster.Accepted)
        {
            problems.Add($"cluster: {stats.Cluster.Accepted} points are accepted, and {sum} by the partitions");
        }
        return problems;
    }

    /// <summary>Null when all balances, else one line for people.</summary>
    public static string? Failure(StatsAnswer stats) =>
        Problems(stats) is { Count: > 0 } problems ? $"the ledger does not balance: {string.Join("; ", problems)}" : null;

    private static string Describe(Ledger ledger) => ledger.Missing switch
    {
        > 0 => $"{ledger.Missing} points are missing, {Equation(ledger)}",
        < 0 => $"{-ledger.Missing} points too many, {Equation(ledger)}",
        _ => "the node says that it does not balance",
    };

    private static string Equation(Ledger ledger) =>
        $"accepted {ledger.Accepted} - processed {ledger.Processed} - dropped {ledger.AllDropped} - in flight {ledger.InFlight} = {ledger.Missing}";
}
