using Orleans.Concurrency;
using OrleansMetrics.Grains.History;

namespace OrleansMetrics.Grains.Aggregators;

/// <summary>
/// How the partition feeds an aggregator. The key is the metric's name. Every call runs to its end in one turn, except for
/// <see cref="Flush"/>, which awaits storage; slices and queries go on meanwhile.
/// </summary>
[Alias("OrleansMetrics.IAggregatorIngestGrain")]
public interface IAggregatorIngestGrain : IGrainWithStringKey
{
    /// <summary>Applies a slice. One at or below the aggregator's position has been applied before and changes nothing.</summary>
    [AlwaysInterleave, Alias("Apply")]
    ValueTask<AggregatorStatus> Apply(MetricSlice slice);

    /// <summary>Makes the windows final that end early enough before the watermark. Idempotent.</summary>
    /// <param name="begin">As <see cref="MetricSlice.Begin"/>.</param>
    /// <param name="previous">As <see cref="MetricSlice.Previous"/>: an aggregator that stands below it changes nothing.</param>
    /// <param name="watermark">Unix milliseconds.</param>
    [AlwaysInterleave, Alias("Advance")]
    ValueTask<AggregatorStatus> Advance(long begin, long previous, long watermark);

    /// <summary>Persists a snapshot if anything changed since the last.</summary>
    /// <exception cref="Orleans.Storage.InconsistentStateException">Another activation has written; this one deactivates itself.</exception>
    [Alias("Flush")]
    Task<AggregatorStatus> Flush();

    /// <summary>
    /// Clears all that storage has of the metric as it was through a position, which the partition has taken into its own counters before. Idempotent;
    /// does nothing when the metric has begun anew since.
    /// </summary>
    /// <param name="through">A later <see cref="MetricSlice.Begin"/> of the metric is at least this.</param>
    /// <exception cref="Orleans.Storage.InconsistentStateException">Another activation has written; this one deactivates itself.</exception>
    [Alias("Forget")]
    Task Forget(long through);

    /// <summary>What there is of a range of time: windows in memory, and which chunks have the rest.</summary>
    /// <param name="from">Windows that end after this, Unix milliseconds.</param>
    /// <param name="to">Windows that start before this.</param>
    [AlwaysInterleave, Alias("GetHistory")]
    ValueTask<HistoryView> GetHistory(long from, long to);

    /// <summary>Where the aggregator stands.</summary>
    [AlwaysInterleave, Alias("GetStatus")]
    ValueTask<AggregatorStatus> GetStatus();
}
