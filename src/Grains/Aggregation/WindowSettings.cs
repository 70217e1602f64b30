namespace OrleansMetrics.Grains.Aggregation;

/// <summary>How windows are cut, closed and kept. Times in milliseconds.</summary>
/// <param name="Size">Length of a window; windows are aligned to the Unix epoch.</param>
/// <param name="AllowedLateness">A window is final when the watermark has reached its end plus this.</param>
/// <param name="Retained">Final windows kept per series.</param>
/// <param name="Quantiles">Probabilities reported per window, ascending.</param>
public sealed record WindowSettings(long Size, long AllowedLateness, int Retained, IReadOnlyList<double> Quantiles)
{
    /// <summary>Which series are remembered.</summary>
    public SeriesLimits Series { get; init; } = SeriesLimits.None;
}
