namespace OrleansMetrics.Streams.PointLog;

/// <summary>Bounds and durability of the point log; configuration section <see cref="Section"/>.</summary>
public sealed class PointLogOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Log";

    /// <summary>What an acknowledged append survives. Default <see cref="LogSync.Normal"/>.</summary>
    public LogSync Sync { get; set; } = LogSync.Normal;

    /// <summary>Payload bytes that a partition's log may hold; an append beyond is refused as full. Default 1 GiB, at least 1 KiB.</summary>
    public long MaxBytesPerPartition { get; set; } = 1L << 30;

    /// <summary>
    /// Payload bytes per partition of this process's newest records kept in memory, so that readers in the process do not read
    /// them back. 0 keeps none. Default 4 MiB.
    /// </summary>
    public long TailBytesPerPartition { get; set; } = 4L << 20;

    /// <summary>Payload bytes of appends that may wait for the store in this process; an append beyond is refused as full. Default 64 MiB.</summary>
    public long MaxQueuedBytes { get; set; } = 64L << 20;

    /// <summary>Append calls that may wait for the store in this process; a call beyond is refused as full. Default 4,096.</summary>
    public int MaxQueuedAppends { get; set; } = 4096;

    /// <summary>Payload bytes after which a group commit takes no further append call. Default 8 MiB.</summary>
    public long MaxCommitBytes { get; set; } = 8L << 20;

    /// <summary>
    /// Bytes of the write-ahead log after which a commit copies its pages into the database file; that commit takes some tens of
    /// milliseconds. More: fewer and longer pauses, a little less CPU. Default 16 MiB.
    /// </summary>
    public long CheckpointBytes { get; set; } = 16L << 20;

    /// <summary>
    /// Bytes after which the log goes on in another segment file. Trimmed records take room until all of their segment are trimmed. Default 64 MiB.
    /// </summary>
    public long SegmentBytes { get; set; } = 64L << 20;

    /// <summary>How long a partition's log remembers the requests that may be sent again. Default 15 minutes.</summary>
    public TimeSpan DuplicateWindow { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>
    /// Requests that a partition's log remembers at most; beyond, the oldest is forgotten before <see cref="DuplicateWindow"/> ends.
    /// About 80 bytes of memory each, in the process that appends them. Default 65,536.
    /// </summary>
    public int MaxRequestKeysPerPartition { get; set; } = 65_536;

    /// <summary>Records deleted in one transaction while a log is trimmed; appends go in between. Default 32.</summary>
    public int TrimChunkRecords { get; set; } = 32;

    /// <summary>Reads from the store that may run at the same time. Default 4.</summary>
    public int MaxConcurrentReads { get; set; } = 4;

    /// <summary>How often other processes' appends are looked for while somebody waits; up to 16 times less often while there are none. Default 15 ms.</summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromMilliseconds(15);

    /// <summary>How long a statement waits for another process's write lock before it fails. Default 5 s.</summary>
    public TimeSpan BusyTimeout { get; set; } = TimeSpan.FromSeconds(5);
}
