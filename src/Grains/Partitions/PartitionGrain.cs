using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using Orleans.Streams;
using Orleans.Streams.Core;
using OrleansMetrics.Contracts.Catalogue;
using OrleansMetrics.Contracts.Partitions;
using OrleansMetrics.Grains.Aggregators;
using OrleansMetrics.Grains.Placement;
using OrleansMetrics.Grains.Stats;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Grains.Partitions;

/// <summary>The activation of a partition: its stream, its timers and its calls. What they do is <see cref="PartitionRouter"/>.</summary>
/// <remarks>
/// Stream deliveries, timers, <see cref="GetDirtyMetrics"/> and <see cref="Checkpoint"/> do not interleave with each other; the router relies on it.
/// </remarks>
[ImplicitStreamSubscription(PartitionKey.StreamNamespace)]
[PartitionPlacement]
public sealed class PartitionGrain(
    IPointLog log,
    [PersistentState("partition", GrainStorageNames.Snapshots)] IPersistentState<PartitionState> state,
    TimeProvider time,
    SiloStatistics statistics,
    ILocalSiloDetails silo,
    PartitionResidents residents,
    LocalAggregators aggregators,
    ILogger<PartitionGrain> logger) : Grain, IPartitionGrain, IPartitionHost, IStreamSubscriptionObserver, IAsyncObserver<LogRecord>
{
    private int _partition;
    private PartitionRouter _router = null!;
    private IGrainTimer _replayTimer = null!;
    private IGrainTimer? _maintenanceTimer;

    /// <inheritdoc />
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _partition = PartitionKey.Parse(this.GetPrimaryKeyString());
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(_partition, log.Partitions, "partition");
        _router = new PartitionRouter(
            _partition, log, state, metric => GrainFactory.GetGrain<IAggregatorIngestGrain>(metric), aggregators, time, statistics,
            silo.SiloAddress.ToParsableString(), logger, this);
        _replayTimer = this.RegisterGrainTimer(_router.ReplayAsync, new() { DueTime = Timeout.InfiniteTimeSpan, Period = Timeout.InfiniteTimeSpan });
        await _router.ActivateAsync(cancellationToken);
        _maintenanceTimer = this.RegisterGrainTimer(
            _router.MaintainAsync, new() { DueTime = PartitionRouter.MaintenancePeriod, Period = PartitionRouter.MaintenancePeriod });
        residents.Add(_partition, GrainContext);
    }

    /// <inheritdoc />
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        residents.Remove(_partition, GrainContext);
        return _router.DeactivateAsync();
    }

    /// <inheritdoc />
    public Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory) => handleFactory.Create<LogRecord>().ResumeAsync(this);

    /// <inheritdoc />
    public Task OnNextAsync(LogRecord item, StreamSequenceToken? token = null) => _router.RecordArrivedAsync(item);

    /// <inheritdoc />
    public Task OnErrorAsync(Exception ex)
    {
        _router.StreamFailed(ex);
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task<PartitionStatus> GetStatus() => _router.GetStatusAsync();

    /// <inheritdoc />
    public Task<MetricPage> ListMetrics(CatalogueQuery query) => Task.FromResult(_router.ListMetrics(query));

    /// <inheritdoc />
    public Task<bool> AggregatorActivated(string metric, long position, long begin) => Task.FromResult(_router.AggregatorActivated(metric, position, begin));

    /// <inheritdoc />
    public Task<string[]> GetDirtyMetrics() => Task.FromResult(_router.BeginFlush());

    /// <inheritdoc />
    public Task<long> Checkpoint(FlushedMetric[] flushed) => _router.CheckpointAsync(flushed);

    void IPartitionHost.ScheduleReplay(TimeSpan due) => _replayTimer.Change(due, Timeout.InfiniteTimeSpan);

    void IPartitionHost.HastenMaintenance() => _maintenanceTimer?.Change(TimeSpan.Zero, PartitionRouter.MaintenancePeriod);

    void IPartitionHost.Deactivate() => DeactivateOnIdle();
}
