namespace OrleansMetrics.Faults.Checks;

/// <summary>The ledger of all partitions together.</summary>
/// <param name="Accepted">Points in the log.</param>
/// <param name="Processed">Points in aggregates.</param>
/// <param name="InFlight">Points not answered for yet.</param>
/// <param name="Dropped">Others, by reason.</param>
/// <param name="Balanced">Whether every partition says so.</param>
/// <param name="Settled">Whether every partition has routed all of its log.</param>
/// <param name="Text">All of it, for failures.</param>
internal sealed record LedgerReading(
    long Accepted, long Processed, long InFlight, IReadOnlyDictionary<string, long> Dropped, bool Balanced, bool Settled, string Text)
{
    /// <summary>Whether all points in the log are accounted for.</summary>
    public bool IsAtRest => InFlight == 0 && Settled;
}
