using System.Runtime.CompilerServices;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.Aggregation;
using OrleansMetrics.Grains.Aggregators;
using OrleansMetrics.Grains.History.Chunks;
using OrleansMetrics.Grains.Placement;

namespace OrleansMetrics.Grains.History;

/// <summary>Reads windows of one metric out of memory and storage, in turns of its own: aggregation goes on meanwhile.</summary>
[MetricPlacement]
public sealed class HistoryGrain(ChunkStores stores, ChunkCache cache, WindowSettings windows) : Grain, IHistoryGrain
{
    /// <inheritdoc />
    public async IAsyncEnumerable<SeriesRange> Query(RangeQuery query, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        var metric = this.GetPrimaryKeyString();
        var aggregator = GrainFactory.GetGrain<IAggregatorIngestGrain>(metric);
        var reader = await HistoryQuery.OpenAsync(query, windows, aggregator.GetHistory, chunk => ReadAsync(metric, chunk), cancellationToken);
        foreach (var series in reader.Read())
        {
            yield return series;
        }
    }

    private async ValueTask<Chunk> ReadAsync(string metric, ChunkEntry entry)
    {
        if (cache.Find(metric, entry) is { } found)
        {
            return found;
        }

        var bytes = await stores.Of(metric).ReadAsync(entry.Id)
            ?? throw new InvalidOperationException($"The chunk {entry.Id} of the history of '{metric}' is gone: it was replaced while the query was under way.");
        var chunk = Chunk.Parse(bytes);
        cache.Add(metric, entry, chunk);
        return chunk;
    }
}
