namespace OrleansMetrics.Streams.PointLog;

/// <summary>Where the log of a partition stands.</summary>
/// <param name="Position">Position of the last record ever appended; 0 when there was none.</param>
/// <param name="PointsThrough">Points appended since the partition was created.</param>
/// <param name="IngestedAt">Ingestion time of the last record; 0 when there was none.</param>
/// <param name="TrimmedTo">Records at or below this position are gone.</param>
/// <param name="Bytes">Payload bytes held now.</param>
public readonly record struct LogHead(long Position, long PointsThrough, long IngestedAt, long TrimmedTo, long Bytes);
