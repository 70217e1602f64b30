using Orleans.Runtime;
using Orleans.Streams;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Streams.QueueAdapter;

/// <summary>
/// Reads one partition of the log for Orleans' pulling agent. Starts at the last record of the log, not before: what was appended
/// earlier, the partition reads by itself from its checkpoint on. That last record is read too, if it is still there, so
/// that a partition with a backlog is woken even when no more points arrive.
/// </summary>
internal sealed class PointQueueReceiver(IPointLog log, int partition, PointQueueCache cache, PointStreamOptions options, TimeProvider time)
    : IQueueAdapterReceiver, IDisposable
{
    private readonly CancellationTokenSource _shutdown = new();
    private readonly StreamId _streamId = PartitionQueueMapper.StreamOf(partition);
    private long _position = -1;

    /// <inheritdoc />
    public Task Initialize(TimeSpan timeout) => Initialize(timeout, CancellationToken.None);

    /// <summary>Finds the head of the log. When that fails, each read tries again.</summary>
    public Task Initialize(TimeSpan timeout, CancellationToken cancellationToken) => FindStartAsync(cancellationToken);

    /// <inheritdoc />
    [Obsolete("Use the overload which accepts a CancellationToken.")]
    public Task<IList<IBatchContainer>> GetQueueMessagesAsync(int maxCount) => GetQueueMessagesAsync(maxCount, CancellationToken.None);

    /// <summary>
    /// The next records, as soon as there are some and the cache has room; nothing after <see cref="PointStreamOptions.LongPoll"/> or when
    /// cancelled or shut down. May be more than <paramref name="maxCount"/>: the bound is in bytes.
    /// </summary>
    public async Task<IList<IBatchContainer>> GetQueueMessagesAsync(int maxCount, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(options.LongPoll, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken, _shutdown.Token);
        try
        {
            if (_position < 0)
            {
                await FindStartAsync(stop.Token);
            }

            if (!await cache.WaitForRoomAsync(options.LongPoll, stop.Token))
            {
                return [];
            }

            await log.WaitAsync(partition, _position, stop.Token);
            var maxBytes = (int)Math.Clamp(cache.RoomBytes, 1, options.ReadMaxBytes);
            var records = await log.ReadAsync(partition, _position, maxBytes, stop.Token);
            return Wrap(records);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The agent logs an exception as an error; having nothing is none.
            return [];
        }
    }

    /// <inheritdoc />
    [Obsolete("Use the overload which accepts a CancellationToken.")]
    public Task MessagesDeliveredAsync(IList<IBatchContainer> messages) => Task.CompletedTask;

    /// <summary>Nothing to do: the log is trimmed by the checkpoint, never by delivery.</summary>
    public Task MessagesDeliveredAsync(IList<IBatchContainer> messages, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Ends a read that waits. The log stays open: it is the process's.</summary>
    public async Task Shutdown(TimeSpan timeout) => await _shutdown.CancelAsync();

    /// <inheritdoc />
    public void Dispose() => _shutdown.Dispose();

    private async Task FindStartAsync(CancellationToken cancellationToken)
    {
        var head = await log.GetHeadAsync(partition, cancellationToken);
        _position = Math.Max(head.TrimmedTo, head.Position - 1);
    }

    private List<IBatchContainer> Wrap(IReadOnlyList<LogRecord> records)
    {
        var containers = new List<IBatchContainer>(records.Count);
        foreach (var record in records)
        {
            containers.Add(new PointBatchContainer(_streamId, record));
            _position = record.Position;
        }

        return containers;
    }
}
