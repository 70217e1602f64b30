using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.Aggregators;

/// <summary>Gathers the windows that become final within one turn, for the observers of the metric.</summary>
internal sealed class FinalWindowCollector : IFinalWindowSink
{
    private const int PageSize = 1_000;

    private readonly List<SeriesAggregates> _series = [];

    public int Count => _series.Count;

    /// <inheritdoc />
    public void WindowFinal(SeriesAggregates series) => _series.Add(series);

    /// <summary>What was gathered, in pages; empty afterwards.</summary>
    public IReadOnlyList<MetricAggregates> Drain(string metric, MetricKind kind)
    {
        var pages = _series.Chunk(PageSize).Select(page => new MetricAggregates { Metric = metric, Kind = kind, Series = page }).ToList();
        _series.Clear();
        return pages;
    }
}
