namespace OrleansMetrics.Streams.PointLog.Segments;

/// <summary>A record that was written to a segment.</summary>
/// <param name="Partition">Of the record.</param>
/// <param name="Position">Of the record.</param>
/// <param name="Offset">Of its frame in the segment.</param>
/// <param name="Length">Bytes of its payload.</param>
internal readonly record struct SegmentEntry(int Partition, long Position, long Offset, int Length);
