using Microsoft.Extensions.Logging;
using Orleans.Utilities;
using OrleansMetrics.Contracts.Partitions;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.Aggregation;
using OrleansMetrics.Grains.History;
using OrleansMetrics.Grains.Partitions;
using OrleansMetrics.Grains.Placement;
using OrleansMetrics.Grains.Stats;

namespace OrleansMetrics.Grains.Aggregators;

/// <summary>
/// One metric: applies slices in log order, each once, answers queries, and persists its windows together with the position
/// of the last slice in one write. How is <see cref="PersistentAggregator"/>.
/// </summary>
/// <remarks>When its partition moves to another silo it takes its windows along in memory, persisted or not.</remarks>
[MetricPlacement]
public sealed partial class AggregatorGrain : Grain, IAggregatorGrain, IAggregatorIngestGrain, IGrainMigrationParticipant
{
    private const string MovedKey = "OrleansMetrics.aggregator";
    private static readonly TimeSpan SubscriptionLifetime = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan CatchUpPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan CatchUpPause = TimeSpan.FromMilliseconds(20);

    private readonly PersistentAggregator _aggregator;
    private readonly LocalAggregator _local;
    private readonly LocalAggregators _locals;
    private readonly PartitionResidents _residents;
    private readonly TimeProvider _time;
    private readonly SiloStatistics _statistics;
    private readonly HistoryWorkSlots _slots;
    private readonly ILogger<AggregatorGrain> _logger;
    private ObserverManager<IWindowObserver>? _observers;
    private FinalWindowCollector? _finalWindows;
    private LocalAggregator.Turn _observed;
    private MovedAggregator? _moved;
    private int _partition;
    private bool _isCurrent;
    private Task? _catchUp;
    private Task _job = Task.CompletedTask;

    public AggregatorGrain(
        [PersistentState("aggregator", GrainStorageNames.Snapshots)] IPersistentState<SnapshotState> state,
        WindowSettings settings,
        SiloStatistics statistics,
        PartitionResidents residents,
        LocalAggregators locals,
        HistoryPolicy policy,
        ChunkStores chunks,
        HistoryWorkSlots slots,
        SeriesBudget budget,
        KindConflicts conflicts,
        TimeProvider time,
        ILogger<AggregatorGrain> logger)
    {
        var metric = this.GetPrimaryKeyString();
        var history = policy.For(metric) is { } kept ? new AggregatorHistory(kept, chunks.Of(metric), statistics, time) : null;
        _aggregator = new PersistentAggregator(state, settings, statistics, DeactivateOnIdle, history, new SeriesAccount(budget, metric, conflicts));
        _local = new LocalAggregator(_aggregator);
        _locals = locals;
        _residents = residents;
        _time = time;
        _statistics = statistics;
        _slots = slots;
        _logger = logger;
    }

    private string Metric => this.GetPrimaryKeyString();

    /// <inheritdoc />
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await _aggregator.ActivateAsync(_moved, cancellationToken);
        foreach (var observer in _moved?.Observers ?? [])
        {
            Observe(observer);
        }

        _moved = null;
        _partition = _residents.PartitionOf(Metric);
        _residents.Add(_partition, GrainContext);
        _locals.Add(Metric, _local);

        // Not waited for: the partition may be waiting for this activation, or be away. If it is never told, the next read, slice or flush tells it.
        AskPartitionAsync().Ignore();
    }

    /// <inheritdoc />
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _residents.Remove(_partition, GrainContext);
        _locals.Remove(Metric, _local);
        _aggregator.Close();
        if (reason.ReasonCode == DeactivationReasonCode.Migrating)
        {
            // It takes along what is not persisted. Should the move fail, the log has it.
            return;
        }

        try
        {
            await _aggregator.FlushAsync();
        }
        catch (Exception exception)
        {
            // Nothing is lost: the log keeps every slice until a snapshot has it.
            LogFlushFailed(exception, Metric, _aggregator.PersistedPosition, _aggregator.Windows.Position);
        }
    }

    /// <summary>Puts everything into the state, which Orleans sends to the other silo after this with the ETag that goes with it.</summary>
    public void OnDehydrate(IDehydrationContext dehydrationContext)
    {
        ArgumentNullException.ThrowIfNull(dehydrationContext);
        dehydrationContext.TryAddValue(MovedKey, _aggregator.Leave([.. _observers?.Observers.Values ?? []]));
    }

    /// <inheritdoc />
    public void OnRehydrate(IRehydrationContext rehydrationContext)
    {
        ArgumentNullException.ThrowIfNull(rehydrationContext);
        rehydrationContext.TryGetValue(MovedKey, out _moved);
    }

    /// <inheritdoc />
    public ValueTask<AggregatorStatus> Apply(MetricSlice slice)
    {
        ArgumentNullException.ThrowIfNull(slice);
        using var turn = _local.BeginTurn();
        var status = _aggregator.Apply(slice);
        NotifyObservers();
        return ValueTask.FromResult(status);
    }

    /// <inheritdoc />
    public ValueTask<AggregatorStatus> Advance(long begin, long previous, long watermark)
    {
        using var turn = _local.BeginTurn();
        var status = _aggregator.Advance(begin, previous, watermark);
        NotifyObservers();
        return ValueTask.FromResult(status);
    }

    /// <inheritdoc />
    public async Task<AggregatorStatus> Flush()
    {
        using var turn = _local.BeginTurn();
        var status = await _aggregator.FlushAsync();
        if (_job.IsCompleted && _aggregator.History is { } history && _slots.TryTake())
        {
            _job = WorkOnHistoryAsync(history);
        }

        return status;
    }

    /// <inheritdoc />
    public async Task Forget(long through)
    {
        using var turn = _local.BeginTurn();
        await _aggregator.ForgetAsync(through);
        if (_aggregator.Windows.Position == 0 && _observers is not { Count: > 0 })
        {
            DeactivateOnIdle();
        }
    }

    /// <inheritdoc />
    public async ValueTask<HistoryView> GetHistory(long from, long to)
    {
        await WhenCurrentAsync(CancellationToken.None);
        using var turn = _local.BeginTurn();
        return _aggregator.ViewHistory(from, to);
    }

    /// <inheritdoc />
    public ValueTask<AggregatorStatus> GetStatus()
    {
        using var turn = _local.BeginTurn();
        return ValueTask.FromResult(_aggregator.Status(applied: true));
    }

    /// <inheritdoc />
    public async Task<MetricAggregates?> GetAggregates(AggregatesQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        await WhenCurrentAsync(cancellationToken);
        using var turn = _local.BeginTurn();
        if (_aggregator.Windows.Position == 0)
        {
            // Asked for a metric that has never been seen: do not keep an activation for it, unless somebody waits for its first windows.
            if (_observers is not { Count: > 0 })
            {
                DeactivateOnIdle();
            }

            return null;
        }

        return _aggregator.Windows.Query(Metric, query);
    }

    /// <inheritdoc />
    public Task Subscribe(IWindowObserver observer, CancellationToken cancellationToken = default)
    {
        using var turn = _local.BeginTurn();
        Observe(observer);
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task Unsubscribe(IWindowObserver observer, CancellationToken cancellationToken = default)
    {
        using var turn = _local.BeginTurn();
        _observers?.Unsubscribe(observer);
        return Task.CompletedTask;
    }

    /// <summary>Completes when this activation has all that an earlier one has answered with: what is read must not go back in time.</summary>
    /// <exception cref="TimeoutException">It has not, for too long.</exception>
    private Task WhenCurrentAsync(CancellationToken cancellationToken) =>
        _isCurrent ? Task.CompletedTask : (_catchUp ??= CatchUpAsync()).WaitAsync(cancellationToken);

    private async Task CatchUpAsync()
    {
        try
        {
            var started = _time.GetTimestamp();
            while (!_isCurrent)
            {
                await AskPartitionAsync().WaitAsync(CatchUpPatience, _time);
                if (!_isCurrent)
                {
                    if (_time.GetElapsedTime(started) > CatchUpPatience)
                    {
                        throw new TimeoutException($"The aggregator of {Metric} has not yet read all of its points again.");
                    }

                    await Task.Delay(CatchUpPause, _time);
                }
            }
        }
        finally
        {
            _catchUp = null;
        }
    }

    private async Task AskPartitionAsync()
    {
        var stands = await GetStatus();
        _isCurrent |= await GrainFactory.GetGrain<IPartitionGrain>(PartitionKey.Format(_partition)).AggregatorActivated(Metric, stands.Position, stands.Begin);
    }

    /// <summary>Has chunks merged elsewhere while slices go on being applied. Never throws.</summary>
    private async Task WorkOnHistoryAsync(AggregatorHistory history)
    {
        try
        {
            // In the turn of the flush still.
            if (history.BeginJob() is not { } job)
            {
                return;
            }

            var result = new HistoryJobResult(false, null);
            try
            {
                result = await GrainFactory.GetGrain<IHistoryWorkGrain>(Metric).Run(job);
            }
            catch (Exception exception)
            {
                // The chunks are as they were; another flush tries again.
                _statistics.ErrorHandled();
                LogJobFailed(exception, Metric, job.Inputs.Length);
            }

            using var turn = _local.BeginTurn();
            history.EndJob(job, result.Created, result.Output);
        }
        finally
        {
            _slots.Return();
        }
    }

    private void Observe(IWindowObserver observer)
    {
        _observers ??= new ObserverManager<IWindowObserver>(SubscriptionLifetime, _logger);
        _observers.Subscribe(observer, observer);
        if (_finalWindows is null)
        {
            // While there are observers, slices come as messages: they are told from here.
            _finalWindows = new FinalWindowCollector();
            _observed = _local.BeginTurn();
        }

        _aggregator.Windows.FinalWindows = _finalWindows;
    }

    private void NotifyObservers()
    {
        if (_finalWindows is not { Count: > 0 } || _observers is null)
        {
            return;
        }

        foreach (var page in _finalWindows.Drain(Metric, _aggregator.Windows.Kind))
        {
            // One-way calls to client objects: nothing to wait for, and a client that is gone must not hold up aggregation.
            _observers.Notify(observer => observer.OnFinalWindows(page)).Ignore();
        }

        if (_observers.Count == 0)
        {
            _aggregator.Windows.FinalWindows = null;
            _finalWindows = null;
            _observed.Dispose();
        }
    }

    [LoggerMessage(LogLevel.Warning, "Merging {Chunks} chunks of the history of {Metric} failed; it is tried again.")]
    private partial void LogJobFailed(Exception exception, string metric, int chunks);

    [LoggerMessage(LogLevel.Warning, "The aggregator of {Metric} could not persist its snapshot on deactivation: {Persisted} of {Position} is persisted, the rest is in the log.")]
    private partial void LogFlushFailed(Exception exception, string metric, long persisted, long position);
}
