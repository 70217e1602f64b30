using OrleansMetrics.Contracts.Windows;

namespace OrleansMetrics.Grains.History.Backup;

/// <summary>The side of an aggregator that takes windows from elsewhere into history. The key is the metric's name.</summary>
[Alias("OrleansMetrics.IAggregatorImportGrain")]
public interface IAggregatorImportGrain : IGrainWithStringKey
{
    /// <summary>Imports windows. Does not interleave with flushes; slices go on being applied.</summary>
    [Alias("Import")]
    Task<AggregatorImport> Import(WindowImport import);
}
