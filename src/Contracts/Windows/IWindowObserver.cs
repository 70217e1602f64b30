using Orleans.Concurrency;

namespace OrleansMetrics.Contracts.Windows;

/// <summary>Told of windows as they become final, and when late points have corrected them.</summary>
[Alias("OrleansMetrics.IWindowObserver")]
public interface IWindowObserver : IGrainObserver
{
    /// <summary>
    /// Called once per metric and closing with the series that had points in the windows that became final, at most
    /// 1,000 series a call. Delivery is at least once: after a failure a window may be told again, with the same content. A window that
    /// late points correct is told again with them and its <see cref="WindowAggregate.Revision"/>, once per batch of points, as long as it is retained in memory.
    /// </summary>
    [OneWay, Alias("OnFinalWindows")]
    Task OnFinalWindows(MetricAggregates windows);
}
