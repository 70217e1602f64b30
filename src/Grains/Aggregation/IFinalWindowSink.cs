using OrleansMetrics.Contracts.Windows;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>Told of windows as they become final.</summary>
public interface IFinalWindowSink
{
    /// <summary>A window of a series became final.</summary>
    void WindowFinal(SeriesAggregates series);
}
