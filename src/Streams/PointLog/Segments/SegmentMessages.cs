using Microsoft.Extensions.Logging;

namespace OrleansMetrics.Streams.PointLog.Segments;

internal static partial class SegmentMessages
{
    [LoggerMessage(Level = LogLevel.Error, Message = "The point log {Path}: segment {Number} is damaged; what can be read of it is kept.")]
    public static partial void SegmentDamaged(ILogger logger, string path, long number);

    [LoggerMessage(Level = LogLevel.Error, Message = "The point log {Path}: nothing of segment {Number} can be read; it is kept as {DamagedPath}.")]
    public static partial void SegmentUnreadable(ILogger logger, string path, long number, string damagedPath);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The point log {Path}: an interrupted write was cut off, {Bytes} bytes at the end of segment {Number}.")]
    public static partial void TornEnd(ILogger logger, string path, long number, long bytes);

    [LoggerMessage(Level = LogLevel.Information, Message = "Imported the point log {File} into {Path}. The old file is kept as {Kept}.")]
    public static partial void Imported(ILogger logger, string file, string path, string kept);

    [LoggerMessage(Level = LogLevel.Error, Message = "The point log {Path}: the file that says what the log is cannot be read; the segments say it, too.")]
    public static partial void StateUnreadable(ILogger logger, string path);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The point log {Path}: a segment could not be indexed or removed; it is tried again.")]
    public static partial void KeepingFailed(ILogger logger, string path, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The point log {Path}: a segment could not be tidied up; it is tried again with the next trim.")]
    public static partial void TidyingFailed(ILogger logger, string path, Exception exception);
}
