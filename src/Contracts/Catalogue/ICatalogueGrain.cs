using Orleans.Concurrency;
using OrleansMetrics.Contracts.Partitions;

namespace OrleansMetrics.Contracts.Catalogue;

/// <summary>Answers over all partitions of the cluster. Any key; use 0.</summary>
[Alias("OrleansMetrics.ICatalogueGrain")]
public interface ICatalogueGrain : IGrainWithIntegerKey
{
    /// <summary>The metrics of the cluster, a page at a time.</summary>
    /// <exception cref="ArgumentException">The limit is out of range.</exception>
    [ReadOnly, Alias("ListMetrics")]
    Task<MetricPage> ListMetrics(CatalogueQuery query, CancellationToken cancellationToken = default);

    /// <summary>Where every partition stands, in order of their numbers.</summary>
    [ReadOnly, Alias("GetPartitions")]
    Task<PartitionStatus[]> GetPartitions(CancellationToken cancellationToken = default);
}
