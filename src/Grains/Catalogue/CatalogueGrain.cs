using Orleans.Concurrency;
using OrleansMetrics.Contracts.Catalogue;
using OrleansMetrics.Contracts.Partitions;
using OrleansMetrics.Grains.Partitions;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Grains.Catalogue;

/// <summary>Asks all partitions and merges what they answer.</summary>
[StatelessWorker]
public sealed class CatalogueGrain(IPointLog log) : Grain, ICatalogueGrain
{
    /// <inheritdoc />
    public async Task<MetricPage> ListMetrics(CatalogueQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        if (query.Limit is < 1 or > CatalogueQuery.MaxLimit)
        {
            throw new ArgumentException($"The limit is {query.Limit}; it must be 1 to {CatalogueQuery.MaxLimit}.", nameof(query));
        }

        var pages = await AskAllAsync(partition => partition.ListMetrics(query));
        var metrics = pages.SelectMany(static page => page.Metrics).OrderBy(static metric => metric.Name, StringComparer.Ordinal).ToArray();
        var more = metrics.Length > query.Limit || pages.Any(static page => page.Next is not null);
        if (metrics.Length > query.Limit)
        {
            metrics = metrics[..query.Limit];
        }

        return new MetricPage(metrics, more ? metrics[^1].Name : null);
    }

    /// <inheritdoc />
    public Task<PartitionStatus[]> GetPartitions(CancellationToken cancellationToken = default) => AskAllAsync(static partition => partition.GetStatus());

    private Task<T[]> AskAllAsync<T>(Func<IPartitionGrain, Task<T>> ask) => Task.WhenAll(
        Enumerable.Range(0, log.Partitions).Select(partition => ask(GrainFactory.GetGrain<IPartitionGrain>(PartitionKey.Format(partition)))));
}
