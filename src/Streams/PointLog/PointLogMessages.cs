using Microsoft.Extensions.Logging;

namespace OrleansMetrics.Streams.PointLog;

internal static partial class PointLogMessages
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Opened the point log {Path} with {Partitions} partitions, synchronous {Sync}.")]
    public static partial void Opened(ILogger logger, string path, int partitions, LogSync sync);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The point log {Path} was not closed properly; checking it. Its partitions go on after a gap in their positions.")]
    public static partial void NotClosed(ILogger logger, string path);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The point log {Path} could not be marked as closed; it is checked when it is next opened.")]
    public static partial void NotMarkedClosed(ILogger logger, string path, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "The point log {Path} failed; the appends of this commit are answered as failed.")]
    public static partial void StoreFailed(ILogger logger, string path, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "The disk of the point log {Path} is full; appends are refused until it has room.")]
    public static partial void DiskFull(ILogger logger, string path);

    [LoggerMessage(Level = LogLevel.Information, Message = "The disk of the point log {Path} has room again; appends are taken.")]
    public static partial void DiskHasRoom(ILogger logger, string path);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "The point log {Path} is damaged: positions {First} to {Last} of partition {Partition} cannot be read. Restart the node to have the log checked and repaired.")]
    public static partial void RecordsUnreadable(ILogger logger, string path, int partition, long first, long last);

    [LoggerMessage(Level = LogLevel.Error, Message = "The point log {Path}: positions {First} to {Last} of partition {Partition} are lost.")]
    public static partial void RecordsLost(ILogger logger, string path, int partition, long first, long last);
}
