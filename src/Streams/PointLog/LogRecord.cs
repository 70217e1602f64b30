namespace OrleansMetrics.Streams.PointLog;

/// <summary>One batch as the log of a partition holds it.</summary>
/// <param name="Position">1, 2, 3 … within a partition, without gaps but for marked ones (<see cref="LogGap"/>).</param>
/// <param name="IngestedAt">The log's clock at append, Unix milliseconds; never lower than the record before.</param>
/// <param name="PointsThrough">Points in this partition's log from its first record through this one.</param>
/// <param name="Payload">The batch. Not to be changed.</param>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.LogRecord")]
public readonly record struct LogRecord(
    [property: Id(0)] long Position,
    [property: Id(1)] long IngestedAt,
    [property: Id(2)] long PointsThrough,
    [property: Id(3)] ReadOnlyMemory<byte> Payload);
