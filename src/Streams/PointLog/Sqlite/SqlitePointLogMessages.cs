using Microsoft.Extensions.Logging;

namespace OrleansMetrics.Streams.PointLog.Sqlite;

internal static partial class SqlitePointLogMessages
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "Looking for other processes' appends in the point log {Path} failed {Failures} times in a row.")]
    public static partial void PollFailed(ILogger logger, string path, int failures, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "The point log {Path} is damaged; copying what can be read into a new file.")]
    public static partial void Salvaging(ILogger logger, string path);

    [LoggerMessage(Level = LogLevel.Error, Message = "The point log {Path}: what is kept of partition {Partition} beside its records could not be read whole: {What}.")]
    public static partial void RowsLost(ILogger logger, string path, int partition, string what);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "Repaired the point log {Path}: {Records} records kept, {Ranges} ranges of positions lost beside the newest, which cannot be known. The damaged file is {DamagedPath}.")]
    public static partial void Salvaged(ILogger logger, string path, long records, int ranges, string damagedPath);
}
