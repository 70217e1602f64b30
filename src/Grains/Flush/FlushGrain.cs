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
    private FlushRounds _rounds = null!;

    private IPartitionGrain Partition => GrainFactory.GetGrain<IPartitionGrain>(this.GetPrimaryKeyString());

    /// <inheritdoc />
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _partition = PartitionKey.Parse(this.GetPrimaryKeyString());
        _rounds = new FlushRounds(
            _partition, log, Partition, metric => GrainFactory.GetGrain<IAggregatorIngestGrain>(metric), options.Value.Parallelism, logger);
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
    public Task<long> FlushNow() => _rounds.RunAsync();

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

    [LoggerMessage(LogLevel.Warning, "The flush of partition {Partition} failed; the next round tries again.")]
    private partial void LogFlushFailed(Exception exception, int partition);
}
