using Orleans.Concurrency;
using OrleansMetrics.Contracts.Windows;

namespace OrleansMetrics.Grains.History.Backup;

/// <summary>The side of an aggregator that takes windows from elsewhere into history. The key is the metric's name.</summary>
[Alias("OrleansMetrics.IAggregatorImportGrain")]
public interface IAggregatorImportGrain : IGrainWithStringKey
{
    /// <summary>Imports windows. Does not interleave with flushes; slices go on being applied.</summary>
    [Alias("Import")]
    Task<AggregatorImport> Import(WindowImport import);

    /// <summary>Says that the partition has persisted a state that knows of the metric, after an import.</summary>
    /// <param name="begin">As the import answered.</param>
    /// <param name="doubt">As the import answered.</param>
    /// <returns>False: the metric has begun anew, and what was imported is forgotten.</returns>
    [AlwaysInterleave, Alias("Confirm")]
    Task<bool> Confirm(long begin, string doubt);
}
