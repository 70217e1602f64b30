namespace OrleansMetrics.Streams.PointLog.Segments;

/// <summary>The requests that came with a record.</summary>
/// <param name="Partition">Of the record.</param>
/// <param name="Position">Of the record.</param>
/// <param name="IngestedAt">Of the record.</param>
/// <param name="Keys">One <see cref="RequestKey"/> after another.</param>
internal readonly record struct RequestRow(int Partition, long Position, long IngestedAt, ReadOnlyMemory<byte> Keys);
