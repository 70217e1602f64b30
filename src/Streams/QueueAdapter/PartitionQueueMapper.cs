using Orleans.Runtime;
using Orleans.Streams;
using OrleansMetrics.Contracts.Partitions;

namespace OrleansMetrics.Streams.QueueAdapter;

/// <summary>One queue per partition of the log.</summary>
public sealed class PartitionQueueMapper : IStreamQueueMapper
{
    private readonly QueueId[] _queues;

    /// <summary>Maps the partitions of a log.</summary>
    /// <param name="partitions">Number of partitions, at least 1.</param>
    public PartitionQueueMapper(int partitions)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(partitions, 1);
        _queues = new QueueId[partitions];
        for (var partition = 0; partition < partitions; partition++)
        {
            _queues[partition] = QueueId.GetQueueId(PartitionKey.StreamNamespace, (uint)partition, (uint)partition);
        }
    }

    /// <summary>The stream that a partition's records are on.</summary>
    public static StreamId StreamOf(int partition) => StreamId.Create(PartitionKey.StreamNamespace, PartitionKey.Format(partition));

    /// <summary>The partition of a queue.</summary>
    public static int PartitionOf(QueueId queue) => (int)queue.GetNumericId();

    /// <inheritdoc />
    public IEnumerable<QueueId> GetAllQueues() => _queues;

    /// <inheritdoc />
    /// <exception cref="ArgumentException">The stream is none of a partition's.</exception>
    public QueueId GetQueueForStream(StreamId streamId)
    {
        if (streamId.GetNamespace() == PartitionKey.StreamNamespace
            && int.TryParse(streamId.GetKeyAsString(), out var partition)
            && (uint)partition < (uint)_queues.Length)
        {
            return _queues[partition];
        }

        throw new ArgumentException($"'{streamId}' is not the stream of one of the {_queues.Length} partitions.", nameof(streamId));
    }
}
