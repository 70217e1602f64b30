namespace OrleansMetrics.Streams.PointLog;

/// <summary>
/// The durable log of points: one ordered sequence of batches per partition, with contiguous positions but for marked gaps
/// (<see cref="LogGap"/>). All members may be called from any thread at any time.
/// </summary>
public interface IPointLog : IAsyncDisposable
{
    /// <summary>Number of partitions, fixed when the log was created.</summary>
    int Partitions { get; }

    /// <summary>
    /// Appends batches of any partitions, in the order given within a partition, and sets the status of each. Appends that wait
    /// at the same time are committed together. Does not throw for a store that is full or fails: that is in the status.
    /// </summary>
    /// <remarks>
    /// All appends of a call to one partition are written together or not at all, with their <see cref="LogAppend.Keys"/>; a store that can
    /// does so with the whole call. A key that the partition's log has from the last <see cref="PointLogOptions.DuplicateWindow"/>
    /// makes its append <see cref="AppendStatus.Repeated"/>, whichever process appended it then; also when the partition is full. The
    /// keys of one call are not compared with each other.
    /// </remarks>
    ValueTask AppendAsync(IReadOnlyList<LogAppend> appends, CancellationToken cancellationToken);

    /// <summary>
    /// The records after a position, in order: as many as fit <paramref name="maxBytes"/> of payload,
    /// at least one if there is any; empty at the head. Leaves out what is trimmed, what the store cannot read any more, and gaps; the last
    /// of these are marked (<see cref="LogGap"/>).
    /// Recent records come from memory, older ones are read back from the store.
    /// </summary>
    ValueTask<IReadOnlyList<LogRecord>> ReadAsync(int partition, long after, int maxBytes, CancellationToken cancellationToken);

    /// <summary>Completes when the log holds a record after a position, whichever process appended it, or when cancelled (then it throws).</summary>
    ValueTask WaitAsync(int partition, long after, CancellationToken cancellationToken);

    /// <summary>Where the partition's log stands.</summary>
    ValueTask<LogHead> GetHeadAsync(int partition, CancellationToken cancellationToken);

    /// <summary>Removes the records at or below a position. Idempotent; a position beyond the head is refused.</summary>
    ValueTask TrimAsync(int partition, long upTo, CancellationToken cancellationToken);

    /// <summary>Keeps a record that cannot be read, with its bytes and the reason, outside the log. Idempotent per position.</summary>
    ValueTask SetAsideAsync(int partition, LogRecord record, string reason, CancellationToken cancellationToken);
}
