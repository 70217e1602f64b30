using Orleans.Streams;

namespace OrleansMetrics.Streams.QueueAdapter;

/// <summary>
/// Where one consumer is in a <see cref="PointQueueCache"/>. It holds its current record until it moves on, so that a delivery that
/// is tried again, or a new cursor made from the current token, finds it.
/// </summary>
internal sealed class PointQueueCursor(PointQueueCache cache, long position) : IQueueCacheCursor
{
    private PointBatchContainer? _current;

    /// <summary>Position wanted next.</summary>
    public long Next { get; set; } = position;

    /// <summary>The cache keeps records from this position on.</summary>
    public long Holds { get; set; } = position;

    /// <inheritdoc />
    public IBatchContainer? GetCurrent(out Exception? exception)
    {
        exception = null;
        return _current;
    }

    /// <inheritdoc />
    [Obsolete("Use MoveNextWithResult instead.")]
    public bool MoveNext() => Advance();

    /// <inheritdoc />
    public QueueCacheCursorMoveResult MoveNextWithResult() => Advance() ? QueueCacheCursorMoveResult.Success : QueueCacheCursorMoveResult.NoData;

    /// <summary>Nothing to do: a cursor at the end finds what is added later by itself.</summary>
    public void Refresh(StreamSequenceToken token)
    {
    }

    /// <summary>Nothing to do: a record left out by the stream is a gap that the partition fills from the log.</summary>
    public void RecordDeliveryFailure()
    {
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _current = null;
        cache.Remove(this);
    }

    private bool Advance()
    {
        _current = cache.Advance(this);
        return _current is not null;
    }
}
