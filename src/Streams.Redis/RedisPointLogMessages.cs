using Microsoft.Extensions.Logging;

namespace OrleansMetrics.Streams.Redis;

internal static partial class RedisPointLogMessages
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Opened the point log {Prefix} on Redis {Version} at {Servers} with {Partitions} partitions.")]
    public static partial void Opened(ILogger logger, string prefix, Version version, string servers, int partitions);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Redis keeps no append-only file ({Servers}): when it stops, acknowledged points since its last snapshot are lost. Set appendonly yes.")]
    public static partial void NotDurable(ILogger logger, string servers);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Whether Redis writes every append to the disk, as Log:Sync=Full asks, cannot be found out ({Servers} does not answer CONFIG GET).")]
    public static partial void SyncNotKnown(ILogger logger, string servers);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Redis was restarted, failed over or emptied: partition {Partition} had ended at position {LastBefore} and goes on at {Position} behind a gap.")]
    public static partial void Gap(ILogger logger, int partition, long lastBefore, long position);

    [LoggerMessage(Level = LogLevel.Warning, Message = "An append to partition {Partition} is repeated; attempt {Attempt} failed.")]
    public static partial void Repeating(ILogger logger, int partition, int attempt, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "An append to partition {Partition} was given up after {Attempts} attempts. Appends are refused until Redis answers again.")]
    public static partial void GivenUp(ILogger logger, int partition, int attempts, Exception exception);

    [LoggerMessage(Level = LogLevel.Information, Message = "Redis answers again; appends are taken.")]
    public static partial void Recovered(ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Redis cannot be used; tried {Failures} times.")]
    public static partial void NotUsable(ILogger logger, int failures, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Which Redis servers are masters could not be found out.")]
    public static partial void NotReconfigured(ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Looking for other processes' appends failed {Failures} times in a row.")]
    public static partial void PollFailed(ILogger logger, int failures, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "More records of partition {Partition} were set aside than are kept; the lowest position was removed.")]
    public static partial void AsideFull(ILogger logger, int partition);
}
