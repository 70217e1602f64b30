using System.Buffers;
using Microsoft.Extensions.Logging;
using Orleans.Storage;
using Orleans.Utilities;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.Aggregation;
using OrleansMetrics.Grains.Placement;
using OrleansMetrics.Grains.Stats;

namespace OrleansMetrics.Grains.Aggregators;

/// <summary>
/// One metric: applies slices in log order, each once, answers queries, and persists its windows together with the position
/// of the last slice in one write.
/// </summary>
/// <remarks>When its partition moves to another silo it takes its windows along in memory, persisted or not.</remarks>
[MetricPlacement]
public sealed partial class AggregatorGrain(
    [PersistentState("aggregator", GrainStorageNames.Snapshots)] IPersistentState<SnapshotState> state,
    WindowSettings settings,
    SiloStatistics statistics,
    PartitionResidents residents,
    ILogger<AggregatorGrain> logger) : Grain, IAggregatorGrain, IAggregatorIngestGrain, IGrainMigrationParticipant
{
    private const string MovedKey = "OrleansMetrics.aggregator";
    private static readonly TimeSpan SubscriptionLifetime = TimeSpan.FromMinutes(5);

    private MetricAggregator _aggregator = new(settings);
    private ObserverManager<IWindowObserver>? _observers;
    private FinalWindowCollector? _finalWindows;
    private long _persistedPosition;
    private long _persistedWatermark;
    private MovedAggregator? _moved;

    private string Metric => this.GetPrimaryKeyString();

    /// <inheritdoc />
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (state.State.Bytes.Length > 0)
        {
            _aggregator = MetricAggregator.ReadSnapshot(state.State.Bytes, settings);
            _persistedPosition = _moved?.PersistedPosition ?? _aggregator.Position;
            _persistedWatermark = _moved?.PersistedWatermark ?? _aggregator.Watermark;

            // The bytes are in the aggregator now; the state only carries them to and from storage.
            state.State.Bytes = [];
        }

        foreach (var observer in _moved?.Observers ?? [])
        {
            Observe(observer);
        }

        _moved = null;
        residents.AddAggregator(Metric, GrainContext);
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        residents.RemoveAggregator(Metric, GrainContext);
        if (reason.ReasonCode == DeactivationReasonCode.Migrating)
        {
            // It takes along what is not persisted. Should the move fail, the log has it.
            return;
        }

        try
        {
            await Flush();
        }
        catch (Exception exception)
        {
            // Nothing is lost: the log keeps every slice until a snapshot has it.
            LogFlushFailed(exception, Metric, _persistedPosition, _aggregator.Position);
        }
    }

    /// <summary>Puts everything into the state, which Orleans sends to the other silo after this with the ETag that goes with it.</summary>
    public void OnDehydrate(IDehydrationContext dehydrationContext)
    {
        ArgumentNullException.ThrowIfNull(dehydrationContext);
        if (_aggregator.Position > 0)
        {
            var snapshot = new ArrayBufferWriter<byte>(4096);
            _aggregator.WriteSnapshot(snapshot);
            state.State.Bytes = snapshot.WrittenSpan.ToArray();
        }

        dehydrationContext.TryAddValue(
            MovedKey, new MovedAggregator(_persistedPosition, _persistedWatermark, [.. _observers?.Observers.Values ?? []]));
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
        if (slice.Previous > _aggregator.Position)
        {
            return ValueTask.FromResult(Status(applied: false));
        }

        if (slice.Position > _aggregator.Position)
        {
            var before = _aggregator.Counters;
            _aggregator.Apply(new SliceReader(slice.Bytes.Span), slice.Position, slice.Watermark);
            var after = _aggregator.Counters;
            statistics.SliceApplied(after.Processed - before.Processed, after.Late - before.Late, after.Collided - before.Collided);
            NotifyObservers();
        }

        return ValueTask.FromResult(Status(applied: true));
    }

    /// <inheritdoc />
    public ValueTask<AggregatorStatus> Advance(long previous, long watermark)
    {
        if (previous > _aggregator.Position)
        {
            return ValueTask.FromResult(Status(applied: false));
        }

        _aggregator.AdvanceWatermark(watermark);
        NotifyObservers();
        return ValueTask.FromResult(Status(applied: true));
    }

    /// <inheritdoc />
    public async Task<AggregatorStatus> Flush()
    {
        // Slices go on being applied while storage writes, so what the snapshot holds is noted before.
        var status = Status(applied: true);
        var watermark = _aggregator.Watermark;
        if (status.Position > _persistedPosition || watermark > _persistedWatermark)
        {
            var snapshot = new ArrayBufferWriter<byte>(4096);
            _aggregator.WriteSnapshot(snapshot);
            state.State.Bytes = snapshot.WrittenSpan.ToArray();
            try
            {
                await state.WriteStateAsync();
            }
            catch (InconsistentStateException)
            {
                statistics.ErrorHandled();
                DeactivateOnIdle();
                throw;
            }
            catch (Exception)
            {
                statistics.ErrorHandled();
                throw;
            }
            finally
            {
                state.State.Bytes = [];
            }

            _persistedPosition = status.Position;
            _persistedWatermark = watermark;
            statistics.SnapshotWritten();
        }

        return status with { Persisted = _persistedPosition };
    }

    /// <inheritdoc />
    public ValueTask<AggregatorStatus> GetStatus() => ValueTask.FromResult(Status(applied: true));

    /// <inheritdoc />
    public Task<MetricAggregates?> GetAggregates(AggregatesQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        if (_aggregator.Position == 0)
        {
            // Asked for a metric that has never been seen: do not keep an activation for it, unless somebody waits for its first windows.
            if (_observers is not { Count: > 0 })
            {
                DeactivateOnIdle();
            }

            return Task.FromResult<MetricAggregates?>(null);
        }

        return Task.FromResult<MetricAggregates?>(_aggregator.Query(Metric, query));
    }

    /// <inheritdoc />
    public Task Subscribe(IWindowObserver observer, CancellationToken cancellationToken = default)
    {
        Observe(observer);
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task Unsubscribe(IWindowObserver observer, CancellationToken cancellationToken = default)
    {
        _observers?.Unsubscribe(observer);
        return Task.CompletedTask;
    }

    private void Observe(IWindowObserver observer)
    {
        _observers ??= new ObserverManager<IWindowObserver>(SubscriptionLifetime, logger);
        _observers.Subscribe(observer, observer);
        _finalWindows ??= new FinalWindowCollector();
        _aggregator.FinalWindows = _finalWindows;
    }

    private AggregatorStatus Status(bool applied) => new()
    {
        Applied = applied,
        Position = _aggregator.Position,
        Persisted = _persistedPosition,
        Counters = _aggregator.Counters,
        Series = _aggregator.SeriesCount,
        Kind = _aggregator.Kind,
        NextCloseAt = _aggregator.NextCloseAt,
    };

    private void NotifyObservers()
    {
        if (_finalWindows is not { Count: > 0 } || _observers is null)
        {
            return;
        }

        foreach (var page in _finalWindows.Drain(Metric, _aggregator.Kind))
        {
            // One-way calls to client objects: nothing to wait for, and a client that is gone must not hold up aggregation.
            _observers.Notify(observer => observer.OnFinalWindows(page)).Ignore();
        }

        if (_observers.Count == 0)
        {
            _aggregator.FinalWindows = null;
            _finalWindows = null;
        }
    }

    [LoggerMessage(LogLevel.Warning, "The aggregator of {Metric} could not persist its snapshot on deactivation: {Persisted} of {Position} is persisted, the rest is in the log.")]
    private partial void LogFlushFailed(Exception exception, string metric, long persisted, long position);
}
