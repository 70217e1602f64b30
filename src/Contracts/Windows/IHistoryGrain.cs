using Orleans.Concurrency;

namespace OrleansMetrics.Contracts.Windows;

/// <summary>The windows of one metric, however old: those in memory and those in storage together. The grain's key is the metric's name.</summary>
[Alias("OrleansMetrics.IHistoryGrain")]
public interface IHistoryGrain : IGrainWithStringKey
{
    /// <summary>
    /// The windows of a range, series by series in the order of their keys; series without windows in it are left out. Nothing for a metric that has never been seen.
    /// </summary>
    /// <exception cref="ArgumentException">The query is out of range; the message says how.</exception>
    [AlwaysInterleave, Alias("Query")]
    IAsyncEnumerable<SeriesRange> Query(RangeQuery query, CancellationToken cancellationToken = default);
}
