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

    /// <summary>For how long a final window still takes late points, by the clock of the watermark. 0: not at all.</summary>
    public long CorrectFor { get; init; }

    /// <summary>Windows of all series of a metric that may wait with late points; a late point that would need one more is only counted.</summary>
    public int MaxCorrected { get; init; } = int.MaxValue;
}
