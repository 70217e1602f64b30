using Orleans.Concurrency;
using OrleansMetrics.Contracts.Catalogue;
using OrleansMetrics.Contracts.Partitions;
using OrleansMetrics.Grains.Aggregators;

namespace OrleansMetrics.Grains.Partitions;

/// <summary>One partition of the cluster. The key is its number, see <see cref="PartitionKey.Format"/>.</summary>
[Alias("OrleansMetrics.IPartitionGrain")]
public interface IPartitionGrain : IGrainWithStringKey
{
    /// <summary>Where the partition stands, with its ledger.</summary>
    [AlwaysInterleave, Alias("GetStatus")]
    Task<PartitionStatus> GetStatus();

    /// <summary>The partition's part of the catalogue; the same meaning as <see cref="ICatalogueGrain.ListMetrics"/>.</summary>
    [AlwaysInterleave, Alias("ListMetrics")]
    Task<MetricPage> ListMetrics(CatalogueQuery query);

    /// <summary>
    /// Says that a metric's aggregator was activated at a position. One that had confirmed a later position was lost with what came after its
    /// snapshot, and is sent that now rather than with the next slice. Not needed for exactness of what is counted; reads wait for it.
    /// </summary>
    /// <returns>Whether it lacks nothing that had been sent to it; if not, ask again.</returns>
    [AlwaysInterleave, Alias("AggregatorActivated")]
    Task<bool> AggregatorActivated(string metric, long position, long begin);

    /// <summary>The metrics whose aggregators have something to persist.</summary>
    [Alias("GetDirtyMetrics")]
    Task<string[]> GetDirtyMetrics();

    /// <summary>Takes note of snapshots, persists the partition's own state, and returns the checkpoint up to which the log may be trimmed.</summary>
    [Alias("Checkpoint")]
    Task<long> Checkpoint(FlushedMetric[] flushed);
}

/// <summary>The outcome of one aggregator's flush.</summary>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.FlushedMetric")]
public readonly record struct FlushedMetric([property: Id(0)] string Metric, [property: Id(1)] AggregatorStatus Status);
