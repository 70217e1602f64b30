using Microsoft.Extensions.Logging;

namespace OrleansMetrics.Streams.PointLog.Sqlite;

internal static partial class SqlitePointLogMessages
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Opened the point log {Path} with {Partitions} partitions, synchronous {Sync}.")]
    public static partial void Opened(ILogger logger, string path, int partitions, LogSync sync);

    [LoggerMessage(Level = LogLevel.Error, Message = "The point log {Path} failed; the appends of this commit are answered as failed.")]
    public static partial void StoreFailed(ILogger logger, string path, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Looking for other processes' appends in the point log {Path} failed {Failures} times in a row.")]
    public static partial void PollFailed(ILogger logger, string path, int failures, Exception exception);
}
