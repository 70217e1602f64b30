using Orleans.Providers.Streams.Common;
using Orleans.Runtime;
using Orleans.Streams;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Streams.QueueAdapter;

/// <summary>One record of a partition's log on its way through the stream. Its token is the record's position.</summary>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.PointBatchContainer")]
public sealed class PointBatchContainer : IBatchContainer
{
    /// <summary>Wraps a record.</summary>
    public PointBatchContainer(StreamId streamId, LogRecord record)
    {
        StreamId = streamId;
        Record = record;
        SequenceToken = new EventSequenceTokenV2(record.Position);
    }

    /// <inheritdoc />
    [Id(0)] public StreamId StreamId { get; private set; }

    /// <summary>The record.</summary>
    [Id(1)] public LogRecord Record { get; private set; }

    /// <inheritdoc />
    [Id(2)] public StreamSequenceToken SequenceToken { get; private set; }

    /// <summary>The record itself when asked for <see cref="LogRecord"/> or <see cref="object"/>; else nothing.</summary>
    public IEnumerable<Tuple<T, StreamSequenceToken>> GetEvents<T>() =>
        Record is T record ? [Tuple.Create(record, SequenceToken)] : [];

    /// <inheritdoc />
    public bool ImportRequestContext() => false;
}
