using Orleans.Concurrency;

namespace OrleansMetrics.Contracts.Windows;

/// <summary>Takes the history of one metric out of a cluster, and into one. The grain's key is the metric's name.</summary>
[Alias("OrleansMetrics.IBackupGrain")]
public interface IBackupGrain : IGrainWithStringKey
{
    /// <summary>
    /// The final windows of a metric, in the shortest length that there still is of each time, so that each point is in one window: block of time by block of time, earliest first, and in a
    /// block series by series. Nothing for a metric that has never been seen.
    /// </summary>
    [AlwaysInterleave, Alias("Export")]
    IAsyncEnumerable<StoredSeries> Export(ExportQuery query, CancellationToken cancellationToken = default);

    /// <summary>
    /// Adds windows to the history of a metric, which need not have been seen before. Windows of a series that has any at their time already are left out, so that an import can be repeated. What
    /// is answered as imported is persisted.
    /// </summary>
    /// <exception cref="ArgumentException">The import is too large.</exception>
    [AlwaysInterleave, Alias("Import")]
    Task<ImportResult> Import(WindowImport import, CancellationToken cancellationToken = default);
}
