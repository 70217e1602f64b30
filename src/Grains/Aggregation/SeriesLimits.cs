namespace OrleansMetrics.Grains.Aggregation;

/// <summary>For how long a metric remembers a series, and how many of them.</summary>
/// <param name="Expiry">
/// Milliseconds: a series is expired when all windows are final that end so long after it was last seen. <see cref="long.MaxValue"/>: never.
/// </param>
/// <param name="MaxPerMetric">Series of a metric; the points of further ones go to its overflow series.</param>
public sealed record SeriesLimits(long Expiry, int MaxPerMetric = int.MaxValue)
{
    /// <summary>No limits.</summary>
    public static SeriesLimits None { get; } = new(long.MaxValue);
}
