namespace OrleansMetrics.Silo.Hosting;

/// <summary>Where snapshots are kept.</summary>
public enum SnapshotsProvider
{
    /// <summary>In a file of the node.</summary>
    Sqlite,

    /// <summary>In Redis.</summary>
    Redis,

    /// <summary>In Azure Blob storage.</summary>
    AzureBlob,
}
