using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.Aggregators;

namespace OrleansMetrics.Grains.History.Backup;

/// <summary>What <see cref="ImportRounds"/> asks of the metric's aggregator and partition.</summary>
internal interface IImportTarget
{
    /// <inheritdoc cref="IAggregatorImportGrain.Import"/>
    Task<AggregatorImport> ImportAsync(WindowImport import);

    /// <inheritdoc cref="IAggregatorIngestGrain.GetStatus"/>
    ValueTask<AggregatorStatus> GetStatusAsync();

    /// <inheritdoc cref="IAggregatorImportGrain.Confirm"/>
    Task<bool> ConfirmAsync(long begin, string doubt);

    /// <summary>Has the partition persist what it can, and returns its checkpoint.</summary>
    Task<long> CheckpointAsync();
}
