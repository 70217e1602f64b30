namespace OrleansMetrics.Streams.PointLog;

/// <summary>What a read of the store brought.</summary>
/// <param name="Records">The records, in order.</param>
/// <param name="LostFirst">First position before them that cannot be read because the store is damaged; 0 when there is none.</param>
/// <param name="LostLast">Last such position; <see cref="long.MaxValue"/> when nothing after it can be read either.</param>
internal readonly record struct LogRead(IReadOnlyList<LogRecord> Records, long LostFirst = 0, long LostLast = 0);
