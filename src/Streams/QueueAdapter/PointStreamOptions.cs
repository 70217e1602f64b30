namespace OrleansMetrics.Streams.QueueAdapter;

/// <summary>Bounds of the streams that bring the log's records to the partitions; configuration section <see cref="Section"/>.</summary>
public sealed class PointStreamOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Streams";

    /// <summary>Payload bytes per partition that may wait in memory for a slow consumer; then reading pauses. Default 8 MiB, at least 64 KiB.</summary>
    public long StreamCacheMaxBytes { get; set; } = 8L << 20;

    /// <summary>Records per partition that may wait in memory for a slow consumer; then reading pauses. Default 4,096.</summary>
    public int StreamCacheMaxRecords { get; set; } = 4096;

    /// <summary>Payload bytes read from the log at a time. Default 1 MiB.</summary>
    public int ReadMaxBytes { get; set; } = 1 << 20;

    /// <summary>How long a read waits for a record or for room before it answers with nothing; shutdown ends it at once. Default 10 s.</summary>
    public TimeSpan LongPoll { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The pause of Orleans' pulling agent after a read that brought nothing. Default 10 ms.</summary>
    public TimeSpan PullPause { get; set; } = TimeSpan.FromMilliseconds(10);

    /// <summary>How long delivery of a record is tried again before it is left out; its partition then reads it from the log. Default 1 minute.</summary>
    public TimeSpan MaxDeliveryTime { get; set; } = TimeSpan.FromMinutes(1);
}
