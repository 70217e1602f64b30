namespace OrleansMetrics.Grains;

/// <summary>Names of the storage providers that the grains use.</summary>
public static class GrainStorageNames
{
    /// <summary>Snapshots of aggregators and partitions.</summary>
    public const string Snapshots = "snapshots";
}
