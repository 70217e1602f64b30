using System.Diagnostics.CodeAnalysis;
using Orleans.Providers.Streams.Common;
using Orleans.Runtime;
using Orleans.Streams;

namespace OrleansMetrics.Streams.QueueAdapter;

/// <summary>
/// The records of one partition between the log and the stream's consumers, in log order, bounded in records and bytes. What all
/// live cursors have passed is dropped as they pass it, so that a receiver that waits for room goes on at once.
/// </summary>
/// <remarks>
/// Orleans' agent does not look at a full cache again before its next timer tick. So the cache never reports pressure; the
/// receiver, which shares it, waits for room in <see cref="WaitForRoomAsync"/> instead. With no cursor at all nothing holds
/// the records, and the next purge drops them: the partition reads them from the log.
/// </remarks>
internal sealed class PointQueueCache(PointStreamOptions options, TimeProvider time) : IQueueCache
{
    private readonly Lock _lock = new();
    private readonly List<PointQueueCursor> _cursors = [];
    private readonly Queue<PointBatchContainer> _records = [];
    private long _bytes;
    private TaskCompletionSource? _roomWaiter;

    /// <summary>Records held.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _records.Count;
            }
        }
    }

    /// <summary>Payload bytes that may be added now; 0 or less when the cache is full.</summary>
    public long RoomBytes
    {
        get
        {
            lock (_lock)
            {
                return Room();
            }
        }
    }

    /// <inheritdoc />
    public int GetMaxAddCount() => options.StreamCacheMaxRecords;

    /// <inheritdoc />
    public bool IsUnderPressure() => false;

    /// <inheritdoc />
    public void AddToCache(IList<IBatchContainer> messages)
    {
        lock (_lock)
        {
            foreach (var message in messages)
            {
                var record = (PointBatchContainer)message;
                _records.Enqueue(record);
                _bytes += record.Record.Payload.Length;
            }
        }
    }

    /// <summary>Drops what all live cursors have passed; everything when there is no cursor.</summary>
    public bool TryPurgeFromCache([MaybeNullWhen(false)] out IList<IBatchContainer> purgedItems)
    {
        lock (_lock)
        {
            var dropped = Drop();
            purgedItems = dropped;
            return dropped is not null;
        }
    }

    /// <summary>True when records may be added, at once or within the time given; false at its end or when cancelled.</summary>
    public async ValueTask<bool> WaitForRoomAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        Task waiting;
        lock (_lock)
        {
            if (Room() > 0)
            {
                return true;
            }

            _roomWaiter ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting = _roomWaiter.Task;
        }

        try
        {
            await waiting.WaitAsync(timeout, time, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <inheritdoc />
    [Obsolete("Use TryGetCacheCursor instead.")]
    public IQueueCacheCursor GetCacheCursor(StreamId streamId, StreamSequenceToken? token) => NewCursor(token);

    /// <summary>
    /// A cursor from a position on, inclusive. Never a miss: without a token, or with one older than the cache, it starts at the
    /// oldest record held, and the partition, which sees the gap, reads the log.
    /// </summary>
    public QueueCacheCursorResult<IQueueCacheCursor> TryGetCacheCursor(StreamId streamId, StreamSequenceToken? token) =>
        QueueCacheCursorResult<IQueueCacheCursor>.FromCursor(NewCursor(token));

    /// <inheritdoc />
    public QueueCacheCursorResult<IQueueCacheCursor> TryGetCacheCursorAtPosition(StreamId streamId, StreamSubscriptionStartPosition startPosition) =>
        QueueCacheCursorResult<IQueueCacheCursor>.FromCursor(NewCursor(null));

    /// <summary>The first record at or after a position, if held; what the cursor has passed is dropped.</summary>
    internal PointBatchContainer? Advance(PointQueueCursor cursor)
    {
        lock (_lock)
        {
            var next = Find(cursor.Next);
            cursor.Holds = next?.Record.Position ?? cursor.Next;
            if (next is not null)
            {
                cursor.Next = next.Record.Position + 1;
            }

            if (_cursors.Contains(cursor))
            {
                Drop();
            }

            return next;
        }
    }

    internal void Remove(PointQueueCursor cursor)
    {
        lock (_lock)
        {
            _cursors.Remove(cursor);
            if (_cursors.Count == 0)
            {
                SignalRoom();
            }
        }
    }

    private PointQueueCursor NewCursor(StreamSequenceToken? token)
    {
        lock (_lock)
        {
            var cursor = new PointQueueCursor(this, token?.SequenceNumber ?? 0);
            _cursors.Add(cursor);
            return cursor;
        }
    }

    // Usually the first or second record: what lies before it has just been passed.
    private PointBatchContainer? Find(long position)
    {
        foreach (var record in _records)
        {
            if (record.Record.Position >= position)
            {
                return record;
            }
        }

        return null;
    }

    // With no cursor the next purge empties the cache, so there is room for a read to get to it.
    private long Room() => _cursors.Count == 0 ? options.StreamCacheMaxBytes
        : _records.Count >= options.StreamCacheMaxRecords ? 0
        : options.StreamCacheMaxBytes - _bytes;

    private List<IBatchContainer>? Drop()
    {
        List<IBatchContainer>? dropped = null;
        var keepFrom = long.MaxValue;
        foreach (var cursor in _cursors)
        {
            keepFrom = Math.Min(keepFrom, cursor.Holds);
        }

        while (_records.TryPeek(out var oldest) && oldest.Record.Position < keepFrom)
        {
            _records.Dequeue();
            _bytes -= oldest.Record.Payload.Length;
            (dropped ??= []).Add(oldest);
        }

        if (dropped is not null && Room() > 0)
        {
            SignalRoom();
        }

        return dropped;
    }

    private void SignalRoom()
    {
        _roomWaiter?.TrySetResult();
        _roomWaiter = null;
    }
}
