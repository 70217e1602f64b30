namespace OrleansMetrics.Faults.Checks;

/// <summary>Reads aggregates and ledger: over HTTP, or by grain calls.</summary>
internal interface IMetricsReader
{
    /// <summary>Null while the system does not answer.</summary>
    Task<LedgerReading?> TryReadLedgerAsync();

    /// <summary>All series of a metric, by their one tag as <c>name=value</c>.</summary>
    Task<IReadOnlyDictionary<string, SeriesReading>> ReadMetricAsync(string metric);
}
