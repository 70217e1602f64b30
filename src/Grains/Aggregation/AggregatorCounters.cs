namespace OrleansMetrics.Grains.Aggregation;

/// <summary>What an aggregator has done with the points sent to it since the metric was first seen. Part of its snapshot.</summary>
/// <param name="Processed">Points in windows and totals.</param>
/// <param name="Late">Points whose window was final, and was not corrected any more.</param>
/// <param name="Collided">Points of a series whose identity is taken by another series of the metric.</param>
/// <param name="Overflowed">Those of <paramref name="Processed"/> that are in the overflow series instead of their own.</param>
/// <param name="Corrected">Those of <paramref name="Processed"/> whose window was final, and was corrected.</param>
/// <param name="Conflicted">Points that name another kind than the metric's, and negative ones of a counter.</param>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.AggregatorCounters")]
public readonly record struct AggregatorCounters(
    [property: Id(0)] long Processed, [property: Id(1)] long Late, [property: Id(2)] long Collided, [property: Id(3)] long Overflowed = 0,
    [property: Id(4)] long Corrected = 0, [property: Id(5)] long Conflicted = 0)
{
    /// <summary>Points that something has become of.</summary>
    public long Settled => Processed + Late + Collided + Conflicted;

    /// <summary>Both together.</summary>
    public static AggregatorCounters operator +(AggregatorCounters one, AggregatorCounters other) =>
        new(one.Processed + other.Processed, one.Late + other.Late, one.Collided + other.Collided, one.Overflowed + other.Overflowed, one.Corrected + other.Corrected,
            one.Conflicted + other.Conflicted);
}
