using Microsoft.Extensions.Logging;

namespace OrleansMetrics.Grains.Partitions;

public sealed partial class PartitionGrain
{
    [LoggerMessage(LogLevel.Error, "Partition {Partition}: the batch at position {Position} cannot be read and was set aside: {Reason}.")]
    private partial void LogPoison(int partition, long position, string reason);

    [LoggerMessage(LogLevel.Critical, "Partition {Partition}: positions {First} to {Last} are gone from the log before they were aggregated.")]
    private partial void LogRecordsLost(int partition, long first, long last);

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

    [LoggerMessage(LogLevel.Warning, "Partition {Partition} could not persist its state on deactivation; the checkpoint of before stands.")]
    private partial void LogPersistFailed(Exception exception, int partition);
}
