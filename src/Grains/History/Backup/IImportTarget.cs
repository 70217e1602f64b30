using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.Aggregators;

namespace OrleansMetrics.Grains.History.Backup;

/// <summary>What <see cref="ImportRounds"/> asks of the metric's aggregator.</summary>
internal interface IImportTarget
{
    /// <inheritdoc cref="IAggregatorImportGrain.Import"/>
    Task<AggregatorImport> ImportAsync(WindowImport import);

    /// <inheritdoc cref="IAggregatorIngestGrain.GetStatus"/>
    ValueTask<AggregatorStatus> GetStatusAsync();
}
