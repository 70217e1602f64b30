using Orleans.Placement;

namespace OrleansMetrics.Grains.Placement;

/// <summary>The grain's key is a partition's number; it lives where the partition does.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class PartitionPlacementAttribute() : PlacementAttribute(PartitionPlacement.Singleton);
