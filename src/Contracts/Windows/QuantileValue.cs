namespace OrleansMetrics.Contracts.Windows;

/// <summary>The estimated value below which a share of the points lies.</summary>
/// <param name="Probability">0 to 1.</param>
/// <param name="Value">In the unit of the metric.</param>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.QuantileValue")]
public readonly record struct QuantileValue([property: Id(0)] double Probability, [property: Id(1)] double Value);
