using Orleans.Placement;

namespace OrleansMetrics.Grains.Placement;

/// <summary>The grain's key is a metric's name; it lives where the metric's partition does.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class MetricPlacementAttribute() : PlacementAttribute(MetricPlacement.Singleton);
