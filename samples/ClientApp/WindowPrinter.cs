using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Windows;

namespace OrleansMetrics.ClientApp;

/// <summary>Prints windows as they become final.</summary>
internal sealed class WindowPrinter : IWindowObserver
{
    private readonly TaskCompletionSource _told = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes with the first windows.</summary>
    public Task Told => _told.Task;

    public static string Format(Tag[] tags) => string.Join(',', tags.Select(tag => $"{tag.Name}={tag.Value}"));

    public Task OnFinalWindows(MetricAggregates windows)
    {
        foreach (var series in windows.Series)
        {
            foreach (var window in series.Windows)
            {
                var quantiles = string.Join(", ", window.Quantiles.Select(quantile => $"p{quantile.Probability * 100:0.#} {quantile.Value:0.##}"));
                Console.WriteLine(
                    $"final: {windows.Metric} {Format(series.Tags)} {window.Start:HH:mm:ss.fff}-{window.End:HH:mm:ss.fff} " +
                    $"count {window.Count}, mean {window.Mean:0.##}, {quantiles}");
            }
        }

        _told.TrySetResult();
        return Task.CompletedTask;
    }
}
