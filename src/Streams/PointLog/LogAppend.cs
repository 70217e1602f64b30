namespace OrleansMetrics.Streams.PointLog;

/// <summary>One batch on its way into the log, and what became of it.</summary>
public sealed class LogAppend(int partition, ReadOnlyMemory<byte> payload, int points)
{
    /// <summary>The partition to append to.</summary>
    public int Partition { get; } = partition;

    /// <summary>The batch. Belongs to the log from the call on.</summary>
    public ReadOnlyMemory<byte> Payload { get; } = payload;

    /// <summary>Points in the batch.</summary>
    public int Points { get; } = points;

    /// <summary>
    /// The requests that may be sent again and have points for this partition in this call. On the call's first append to the partition only.
    /// </summary>
    public IReadOnlyList<RequestKey> Keys { get; init; } = [];

    /// <summary>When <see cref="AppendStatus.Repeated"/>: those of <see cref="Keys"/> whose points the partition's log has already.</summary>
    public IReadOnlyList<RequestKey> Repeated { get; set; } = [];

    /// <summary>Set by the log before <see cref="IPointLog.AppendAsync"/> completes.</summary>
    public AppendStatus Status { get; set; }

    /// <summary>The record's position, when appended.</summary>
    public long Position { get; set; }

    /// <summary>Why the append failed, when it did.</summary>
    public Exception? Error { get; set; }
}
