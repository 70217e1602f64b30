using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansMetrics.Contracts.Partitions;
using OrleansMetrics.Grains.Aggregators;
using OrleansMetrics.Grains.Partitions;
using OrleansMetrics.Grains.Placement;
using OrleansMetrics.Grains.Stats;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Grains.Flush;

/// <summary>
/// The periodic work of a partition: snapshot dirty aggregators ▸ checkpoint ▸ trim the log. A timer sets the pace; a reminder
/// brings the grain, and with it its partition, back after a crash.
/// </summary>
[PartitionPlacement]
public sealed partial class FlushGrain(
    IPointLog log, IOptions<FlushOptions> options, SiloStatistics statistics, PartitionResidents residents, ILogger<FlushGrain> logger)
    : Grain, IFlushGrain, IRemindable
{
    private const string ReminderName = "flush";
    private static readonly TimeSpan ReminderPeriod = TimeSpan.FromMinutes(1);

    private int _partition;
    private IPartitionGrain? _partitionGrain;
    private long _trimmedTo;

    private IPartitionGrain Partition => _partitionGrain ??= GrainFactory.GetGrain<IPartitionGrain>(this.GetPrimaryKeyString());

    /// <inheritdoc />
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _partition = PartitionKey.Parse(this.GetPrimaryKeyString());
        this.RegisterGrainTimer(FlushOnTimerAsync, new() { DueTime = options.Value.Interval, Period = options.Value.Interval, KeepAlive = true });
        residents.AddFlusher(_partition, GrainContext);
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        residents.Remove(_partition, GrainContext);
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public async Task Start()
    {
        await this.RegisterOrUpdateReminder(ReminderName, ReminderPeriod, ReminderPeriod);

        // Activates the partition, which then reads what its log holds beyond the checkpoint.
        await Partition.GetStatus();
    }

    /// <inheritdoc />
    public Task ReceiveReminder(string reminderName, TickStatus status) => Partition.GetStatus();

    /// <inheritdoc />
    public async Task<long> FlushNow()
    {
        var dirty = await Partition.GetDirtyMetrics();
        var flushed = new List<FlushedMetric>(dirty.Length);
        foreach (var group in dirty.Chunk(options.Value.Parallelism))
        {
            var writes = group.Select(FlushAsync).ToArray();
            foreach (var metric in await Task.WhenAll(writes))
            {
                if (metric is { } one)
                {
                    flushed.Add(one);
                }
            }
        }

        var checkpoint = await Partition.Checkpoint([.. flushed]);
        if (checkpoint > _trimmedTo)
        {
            await log.TrimAsync(_partition, checkpoint, CancellationToken.None);
            _trimmedTo = checkpoint;
        }

        return checkpoint;
    }

    private async Task<FlushedMetric?> FlushAsync(string metric)
    {
        try
        {
            return new FlushedMetric(metric, await GrainFactory.GetGrain<IAggregatorIngestGrain>(metric).Flush());
        }
        catch (Exception exception)
        {
            // The metric stays dirty, holds the checkpoint back and is tried again in the next round.
            LogSnapshotFailed(exception, metric, _partition);
            return null;
        }
    }

    private async Task FlushOnTimerAsync(CancellationToken cancellationToken)
    {
        try
        {
            await FlushNow();
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            statistics.ErrorHandled();
            LogFlushFailed(exception, _partition);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The snapshot of {Metric} (partition {Partition}) failed; its points stay in the log and the next round tries again.")]
    private partial void LogSnapshotFailed(Exception exception, string metric, int partition);

    [LoggerMessage(LogLevel.Warning, "The flush of partition {Partition} failed; the next round tries again.")]
    private partial void LogFlushFailed(Exception exception, int partition);
}
