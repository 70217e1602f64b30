using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.History.Backup;

namespace OrleansMetrics.Grains.Aggregators;

public sealed partial class AggregatorGrain : IAggregatorImportGrain
{
    /// <inheritdoc />
    public async Task<AggregatorImport> Import(WindowImport import)
    {
        ArgumentNullException.ThrowIfNull(import);
        await WhenCurrentAsync(CancellationToken.None);

        // A merge under way; the next one begins with a flush, which waits for this.
        await _job;
        using var turn = _local.BeginTurn();
        return await _aggregator.ImportAsync(import);
    }

    /// <inheritdoc />
    public Task<bool> Confirm(long begin, string doubt)
    {
        using var turn = _local.BeginTurn();
        return Task.FromResult(_aggregator.Confirm(begin, doubt));
    }
}
