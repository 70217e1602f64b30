using Orleans.Concurrency;

namespace OrleansMetrics.Contracts.Windows;

/// <summary>Told of windows as they become final.</summary>
[Alias("OrleansMetrics.IWindowObserver")]
public interface IWindowObserver : IGrainObserver
{
    /// <summary>
    /// Called once per metric and closing with the series that had points in the windows that became final, at most
    /// 1,000 series a call. Delivery is at least once: after a failure a window may be told again, with the same content.
    /// </summary>
    [OneWay, Alias("OnFinalWindows")]
    Task OnFinalWindows(MetricAggregates windows);
}
