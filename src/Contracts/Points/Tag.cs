namespace OrleansMetrics.Contracts.Points;

/// <summary>A name and value that, with the metric's name, identify a series.</summary>
/// <param name="Name">Not empty, at most <see cref="PointLimits.MaxTagNameBytes"/> bytes of UTF-8.</param>
/// <param name="Value">Not empty, at most <see cref="PointLimits.MaxTagValueBytes"/> bytes of UTF-8.</param>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.Tag")]
public readonly record struct Tag([property: Id(0)] string Name, [property: Id(1)] string Value);
