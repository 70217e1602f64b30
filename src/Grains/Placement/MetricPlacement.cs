using Orleans.Runtime;

namespace OrleansMetrics.Grains.Placement;

/// <summary>Places grains whose key is a metric's name where the metric's partition lives.</summary>
[Serializable]
public sealed class MetricPlacement : PlacementStrategy
{
    internal static readonly MetricPlacement Singleton = new();
}
