using Orleans.Runtime;

namespace OrleansMetrics.Grains.Placement;

/// <summary>Places grains whose key is a partition's number where that partition lives.</summary>
[Serializable]
public sealed class PartitionPlacement : PlacementStrategy
{
    internal static readonly PartitionPlacement Singleton = new();
}
