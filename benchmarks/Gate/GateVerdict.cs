using OrleansMetrics.Benchmarks.Statistics;

namespace OrleansMetrics.Benchmarks.Gate;

/// <summary>
/// What rounds tell so far. A noisy machine may make any round slow, so the gate fails only when three of four rounds are above the limit, and
/// only after it has tried for as long as it may; it passes as soon as the median is below the limit and the rounds agree.
/// </summary>
/// <param name="Ratios">Node over yardstick, one per round.</param>
/// <param name="Limit">The ratio that is too much.</param>
internal sealed record GateVerdict(Sample Ratios, double Limit)
{
    /// <summary>Fewer rounds tell nothing.</summary>
    public const int LeastRounds = 3;

    /// <summary>Rounds whose quartiles lie within this share of the median agree.</summary>
    public const double LargestSpread = 0.1;

    /// <summary>Whether further rounds would tell no more.</summary>
    public bool IsSettled => Ratios.Count >= LeastRounds && Ratios.Spread <= LargestSpread && Ratios.Median < Limit;

    /// <summary>Whether the node has become more expensive.</summary>
    public bool Fails => Ratios.Quantile(0.25) >= Limit;
}
