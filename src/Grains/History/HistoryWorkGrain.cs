using OrleansMetrics.Grains.Placement;

namespace OrleansMetrics.Grains.History;

/// <summary>Merges and rolls up chunks where the metric's aggregator lives, in turns of its own.</summary>
[MetricPlacement]
public sealed class HistoryWorkGrain(ChunkStores stores) : Grain, IHistoryWorkGrain
{
    /// <inheritdoc />
    public async Task<HistoryJobResult> Run(HistoryJob job)
    {
        ArgumentNullException.ThrowIfNull(job);
        var (created, output) = await HistoryWork.RunAsync(job, stores.Of(this.GetPrimaryKeyString()));
        return new HistoryJobResult(created, output);
    }
}
