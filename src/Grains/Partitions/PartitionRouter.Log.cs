using Microsoft.Extensions.Logging;

namespace OrleansMetrics.Grains.Partitions;

internal sealed partial class PartitionRouter
{
    [LoggerMessage(LogLevel.Error, "Partition {Partition}: the batch at position {Position} cannot be read and was set aside: {Reason}.")]
    private partial void LogPoison(int partition, long position, string reason);

    [LoggerMessage(LogLevel.Critical, "Partition {Partition}: positions {First} to {Last} are gone from the log before they were aggregated.")]
    private partial void LogRecordsLost(int partition, long first, long last);

    [LoggerMessage(LogLevel.Critical,
        "Partition {Partition}: the log has lost its end, positions {First} to {Last}, which had been read. Their points are counted as lost but for those in snapshots.")]
    private partial void LogTailLost(int partition, long first, long last);

    [LoggerMessage(LogLevel.Warning, "Metric {Metric} (partition {Partition}): after the gap before position {Position}, {Lost} more points count as lost, {Found} more as accepted.")]
    private partial void LogSettled(string metric, int partition, long position, long lost, long found);

    [LoggerMessage(LogLevel.Warning, "Partition {Partition}: the log is trimmed up to {Trimmed}, beyond the checkpoint {Checkpoint} of this activation; another one has taken over.")]
    private partial void LogStale(int partition, long trimmed, long checkpoint);

    [LoggerMessage(LogLevel.Warning, "The aggregator of {Metric} failed at partition {Partition}, position {Position}; its slices stay in the log and are sent again.")]
    private partial void LogAggregatorFailed(Exception exception, string metric, int partition, long position);

    [LoggerMessage(LogLevel.Information, "The aggregator of {Metric} (partition {Partition}) is at position {Position} and lacks slices before {Wanted}; sending them again.")]
    private partial void LogAggregatorBehind(string metric, int partition, long position, long wanted);

    [LoggerMessage(LogLevel.Information, "The aggregator of {Metric} (partition {Partition}) has caught up at position {Position}.")]
    private partial void LogAggregatorCaughtUp(string metric, int partition, long position);

    [LoggerMessage(LogLevel.Warning, "Partition {Partition} could not read its log after position {Position}; trying again.")]
    private partial void LogReplayFailed(Exception exception, int partition, long position);

    [LoggerMessage(LogLevel.Warning, "The maintenance of partition {Partition} failed; trying again.")]
    private partial void LogMaintenanceFailed(Exception exception, int partition);

    [LoggerMessage(LogLevel.Warning, "The stream of partition {Partition} reported an error; its records are read from the log.")]
    private partial void LogStreamError(Exception exception, int partition);

    [LoggerMessage(LogLevel.Information, "Metric {Metric} (partition {Partition}) is forgotten: it has no series and no history any more. It had {Points} points.")]
    private partial void LogForgotten(string metric, int partition, long points);

    [LoggerMessage(LogLevel.Warning, "What storage has of {Metric} (partition {Partition}), which is forgotten, could not be cleared; it is tried again.")]
    private partial void LogForgettingFailed(Exception exception, string metric, int partition);

    [LoggerMessage(LogLevel.Warning, "Partition {Partition} could not persist its state on deactivation; the checkpoint of before stands.")]
    private partial void LogPersistFailed(Exception exception, int partition);
}
