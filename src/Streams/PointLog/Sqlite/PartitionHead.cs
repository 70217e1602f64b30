namespace OrleansMetrics.Streams.PointLog.Sqlite;

/// <summary>Where a partition stands, with the running sums that the next record continues.</summary>
internal record struct PartitionHead
{
    public long Position { get; set; }

    public long IngestedAt { get; set; }

    public long PointsThrough { get; set; }

    public long BytesThrough { get; set; }

    public long TrimmedTo { get; set; }

    public long BytesTrimmed { get; set; }

    public readonly long BytesHeld => BytesThrough - BytesTrimmed;

    public readonly LogHead ToLogHead() => new(Position, PointsThrough, IngestedAt, TrimmedTo, BytesHeld);
}
