using Orleans.Storage;

namespace OrleansMetrics.Persistence.Sqlite;

/// <summary>Where and how grain state is kept in SQLite.</summary>
public sealed class SqliteGrainStorageOptions : IStorageProviderSerializerOptions
{
    /// <summary>The database file; created with its directory when there is none. Required. Not on a network file system.</summary>
    public string Path { get; set; } = "";

    /// <summary>
    /// Writes that may be serialized and waiting at a time; further ones wait before they serialize, so memory is bounded by this
    /// times the size of a state. Default 256.
    /// </summary>
    public int MaxQueuedWrites { get; set; } = 256;

    /// <summary>Payload bytes after which a group commit takes no further write. Default 16 MiB.</summary>
    public long MaxCommitBytes { get; set; } = 16L << 20;

    /// <summary>Bytes of the write-ahead log after which its pages are copied into the database file. Default 16 MiB.</summary>
    public long CheckpointBytes { get; set; } = 16L << 20;

    /// <summary>Reads that may run at the same time. Default 4.</summary>
    public int MaxConcurrentReads { get; set; } = 4;

    /// <summary>How long a statement waits for another process's lock before it fails. Default 5 s, at least 1 s.</summary>
    public TimeSpan BusyTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How state becomes bytes. Default: Orleans' binary serializer, <see cref="OrleansGrainStorageSerializer"/>.</summary>
    public IGrainStorageSerializer GrainStorageSerializer { get; set; } = null!;
}
