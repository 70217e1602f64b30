namespace OrleansMetrics.Streams.PointLog;

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

    /// <summary>The record that an append becomes.</summary>
    public readonly LogRecord Next(LogAppend append, long now) =>
        new(Position + 1, Math.Max(now, IngestedAt), PointsThrough + append.Points, append.Payload);

    /// <summary>The record that says that positions before it are left out; see <see cref="LogGap"/>.</summary>
    /// <param name="now">The clock.</param>
    /// <param name="beyond">The lowest position it may have.</param>
    public readonly LogRecord Gap(long now, long beyond) =>
        new(Math.Max(Position + LogGap.Distance, beyond), Math.Max(now, IngestedAt), PointsThrough, LogGap.Create(Position));

    /// <summary>Moves on to a record that was appended.</summary>
    public void MoveTo(in LogRecord record)
    {
        Position = record.Position;
        IngestedAt = record.IngestedAt;
        PointsThrough = record.PointsThrough;
        BytesThrough += record.Payload.Length;
    }

    public readonly LogHead ToLogHead() => new(Position, PointsThrough, IngestedAt, TrimmedTo, BytesHeld);
}
