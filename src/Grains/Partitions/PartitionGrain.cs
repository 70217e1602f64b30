using System.Text;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using Orleans.Storage;
using Orleans.Streams;
using Orleans.Streams.Core;
using OrleansMetrics.Contracts.Catalogue;
using OrleansMetrics.Contracts.Partitions;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Grains.Aggregators;
using OrleansMetrics.Grains.Placement;
using OrleansMetrics.Grains.Stats;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Grains.Partitions;

/// <summary>
/// Routes the slices of a partition's log, in log order, to the aggregators, and knows what is persisted.
/// </summary>
/// <remarks>
/// The stream hands records over; the log decides. A record that does not follow the last one, and everything after an
/// activation, is read from the log in turns of bounded size (see docs/decisions/002-positions-not-tokens.md). A metric whose
/// aggregator fails is left behind, alone, and its slices are read again until it takes them; it holds back the checkpoint, not the partition.
/// </remarks>
[ImplicitStreamSubscription(PartitionKey.StreamNamespace)]
[PartitionPlacement]
public sealed partial class PartitionGrain : Grain, IPartitionGrain, IStreamSubscriptionObserver, IAsyncObserver<LogRecord>
{
    private const int MaxReadBytes = 4 * 1024 * 1024;
    private static readonly TimeSpan MaintenancePeriod = TimeSpan.FromSeconds(1);

    private readonly IPointLog _log;
    private readonly IPersistentState<PartitionState> _state;
    private readonly TimeProvider _time;
    private readonly SiloStatistics _statistics;
    private readonly ILocalSiloDetails _silo;
    private readonly PartitionResidents _residents;
    private readonly ILogger<PartitionGrain> _logger;
    private readonly Dictionary<string, MetricRoute> _routes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, MetricRoute>.AlternateLookup<ReadOnlySpan<char>> _routesBySpan;
    private readonly SortedSet<string> _names = new(StringComparer.Ordinal);
    private readonly List<Delivery> _deliveries = [];
    private readonly PartitionLedger _ledger = new();
    private int _partition;
    private long _position;
    private long _checkpoint;
    private long _watermark;
    private long _nextCloseAt = long.MaxValue;
    private long _headAtLastMaintenance;
    private bool _replaying;
    private IGrainTimer? _replayTimer;

    public PartitionGrain(
        IPointLog log,
        [PersistentState("partition", GrainStorageNames.Snapshots)] IPersistentState<PartitionState> state,
        TimeProvider time,
        SiloStatistics statistics,
        ILocalSiloDetails silo,
        PartitionResidents residents,
        ILogger<PartitionGrain> logger)
    {
        _log = log;
        _state = state;
        _time = time;
        _statistics = statistics;
        _silo = silo;
        _residents = residents;
        _logger = logger;
        _routesBySpan = _routes.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <inheritdoc />
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _partition = PartitionKey.Parse(this.GetPrimaryKeyString());
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(_partition, _log.Partitions, "partition");
        var state = _state.State;
        var head = await _log.GetHeadAsync(_partition, cancellationToken);
        if (head.Position < state.Position)
        {
            // New records would get positions that the aggregators have applied, and be skipped.
            throw new InvalidOperationException(
                $"Partition {_partition}: the snapshots hold records up to position {state.Position}, the log ends at {head.Position}. "
                + "Log and snapshots are not from the same run; restore both from the same backup.");
        }

        _checkpoint = _position = state.Checkpoint;
        _watermark = state.Watermark;
        _ledger.Restore(state);
        foreach (var metric in state.Metrics)
        {
            AddRoute(MetricRoute.Restore(metric, GrainFactory.GetGrain<IAggregatorIngestGrain>(metric.Name)));
        }

        RefreshNextClose();
        _replayTimer = this.RegisterGrainTimer(ReplayAsync, new() { DueTime = Timeout.InfiniteTimeSpan, Period = Timeout.InfiniteTimeSpan });
        this.RegisterGrainTimer(MaintainAsync, new() { DueTime = MaintenancePeriod, Period = MaintenancePeriod });
        StartReplay();
        _residents.Add(_partition, GrainContext);
    }

    /// <inheritdoc />
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _residents.Remove(_partition, GrainContext);
        try
        {
            await PersistAsync();
        }
        catch (Exception exception)
        {
            // The checkpoint of before stands: records are routed again and skipped by position.
            _statistics.ErrorHandled();
            LogPersistFailed(exception, _partition);
        }
    }

    /// <inheritdoc />
    public Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory) => handleFactory.Create<LogRecord>().ResumeAsync(this);

    /// <inheritdoc />
    public Task OnNextAsync(LogRecord item, StreamSequenceToken? token = null)
    {
        if (item.Position <= _position)
        {
            return Task.CompletedTask;
        }

        if (!_replaying && item.Position == _position + 1)
        {
            return RouteAsync(item);
        }

        StartReplay();
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task OnErrorAsync(Exception ex)
    {
        // Records that the stream gave up on are missing from the sequence of positions and are read from the log.
        LogStreamError(ex, _partition);
        StartReplay();
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public async Task<PartitionStatus> GetStatus()
    {
        var head = await _log.GetHeadAsync(_partition, CancellationToken.None);
        return _ledger.ToStatus(_partition, _silo.SiloAddress.ToParsableString(), head, _routes.Values) with
        {
            Position = _position,
            Head = Math.Max(head.Position, _position),
            Checkpoint = _checkpoint,
            Watermark = _watermark,
            Replaying = _replaying,
        };
    }

    /// <inheritdoc />
    public Task<MetricPage> ListMetrics(CatalogueQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        IEnumerable<string> candidates = query.After is null ? _names
            : string.CompareOrdinal(query.After, _names.Max) >= 0 ? []
            : _names.GetViewBetween(query.After, _names.Max);
        var page = new List<MetricSummary>();
        foreach (var name in candidates)
        {
            if (name == query.After || !Glob.Matches(query.Match, name))
            {
                continue;
            }

            if (page.Count == query.Limit)
            {
                return Task.FromResult(new MetricPage([.. page], page[^1].Name));
            }

            var route = _routes[name];
            page.Add(new MetricSummary(name, route.Kind, route.Series, route.Counters.Processed));
        }

        return Task.FromResult(new MetricPage([.. page], null));
    }

    /// <inheritdoc />
    public Task<string[]> GetDirtyMetrics()
    {
        var dirty = _routes.Values.Where(static route => route.Dirty).ToArray();
        foreach (var route in dirty)
        {
            route.FlushBegins();
        }

        return Task.FromResult(Array.ConvertAll(dirty, static route => route.Name));
    }

    /// <inheritdoc />
    public async Task<long> Checkpoint(FlushedMetric[] flushed)
    {
        ArgumentNullException.ThrowIfNull(flushed);
        foreach (var (metric, status) in flushed)
        {
            var route = _routes[metric];
            if (status.Position < route.ConfirmedAtFlush)
            {
                // It was activated again from an older snapshot and no slice has told it so yet.
                route.Stall(Now);
            }

            route.Flushed(status);
        }

        await PersistAsync();
        return _checkpoint;
    }

    private long Now => _time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Routes one record and moves the position on, all or nothing as far as this grain's own state goes.</summary>
    private async Task RouteAsync(LogRecord record)
    {
        if (!PointBatch.TryParse(record.Payload, out var batch, out var error))
        {
            await _log.SetAsideAsync(_partition, record, error, CancellationToken.None);
            _statistics.BatchPoisoned();
            _statistics.ErrorHandled();
            LogPoison(_partition, record.Position, error);
            _ledger.CountPoison(record);
            _position = record.Position;
            return;
        }

        PrepareDeliveries(record, batch);
        var answers = await DeliverAsync(record);
        if (record.Position != _position + 1)
        {
            LogRecordsLost(_partition, _position + 1, record.Position - 1);
        }

        Commit(record, batch, answers);
    }

    private void PrepareDeliveries(LogRecord record, PointBatch batch)
    {
        _deliveries.Clear();
        foreach (var slice in batch.Slices)
        {
            var reader = new SliceReader(slice.Span);
            _deliveries.Add(new Delivery(RouteOf(reader.Metric), slice, reader.Points));
        }

        if (record.IngestedAt < _nextCloseAt)
        {
            return;
        }

        // Metrics without a slice in this record have windows to close.
        var sliced = _deliveries.Count == 0 ? null : _deliveries.Select(static delivery => delivery.Route).ToHashSet();
        foreach (var route in _routes.Values)
        {
            if (route.NextCloseAt <= record.IngestedAt && !route.Stalled && sliced?.Contains(route) != true)
            {
                _deliveries.Add(new Delivery(route, default, Delivery.WatermarkOnly));
            }
        }
    }

    /// <summary>Sends everything, then waits for everything. Null stands for a metric that is stalled or has failed now.</summary>
    private async Task<AggregatorStatus?[]> DeliverAsync(LogRecord record)
    {
        var pending = new Task<AggregatorStatus>[_deliveries.Count];
        for (var i = 0; i < pending.Length; i++)
        {
            if (!_deliveries[i].Route.Stalled)
            {
                pending[i] = Send(_deliveries[i], record).AsTask();
            }
        }

        var answers = new AggregatorStatus?[pending.Length];
        for (var i = 0; i < pending.Length; i++)
        {
            var route = _deliveries[i].Route;
            if (route.Stalled)
            {
                continue;
            }

            try
            {
                answers[i] = await pending[i];
            }
            catch (Exception exception)
            {
                _statistics.ErrorHandled();
                LogAggregatorFailed(exception, route.Name, _partition, record.Position);
                route.Stall(Now + 250);
            }
        }

        return answers;
    }

    private static ValueTask<AggregatorStatus> Send(in Delivery delivery, LogRecord record)
    {
        var route = delivery.Route;
        return delivery.Points == Delivery.WatermarkOnly
            ? route.Aggregator.Advance(route.Confirmed, record.IngestedAt)
            : route.Aggregator.Apply(new MetricSlice
            {
                Position = record.Position,
                Previous = route.Confirmed,
                Watermark = record.IngestedAt,
                Bytes = delivery.Slice,
            });
    }

    /// <summary>Without an await in between, so that a status read while a record is under way is that of the record before.</summary>
    private void Commit(LogRecord record, PointBatch batch, AggregatorStatus?[] answers)
    {
        for (var i = 0; i < answers.Length; i++)
        {
            var (route, _, points) = _deliveries[i];
            if (points != Delivery.WatermarkOnly)
            {
                route.SliceSeen(record.Position);
                route.Accepted += record.Position > _ledger.CountedThrough ? points : 0;
            }

            if (answers[i] is not { } status)
            {
                continue;
            }

            if (!status.Applied)
            {
                LogAggregatorBehind(route.Name, _partition, status.Position, record.Position);
                route.Stall(Now);
            }
            else if (points == Delivery.WatermarkOnly)
            {
                route.WatermarkConfirmed(status);
            }
            else
            {
                route.SliceConfirmed(record.Position, status);
            }

            _nextCloseAt = Math.Min(_nextCloseAt, route.NextCloseAt);
        }

        _deliveries.Clear();
        _ledger.Count(record, batch);
        _position = record.Position;
        _watermark = Math.Max(_watermark, record.IngestedAt);
        if (_watermark >= _nextCloseAt)
        {
            RefreshNextClose();
        }
    }

    private MetricRoute RouteOf(ReadOnlySpan<byte> metric)
    {
        Span<char> chars = stackalloc char[PointLimits.MaxMetricNameBytes];
        var name = metric.Length <= chars.Length ? chars[..Encoding.UTF8.GetChars(metric, chars)] : Encoding.UTF8.GetString(metric).ToCharArray();
        if (_routesBySpan.TryGetValue(name, out var route))
        {
            return route;
        }

        var text = name.ToString();
        route = new MetricRoute(text, GrainFactory.GetGrain<IAggregatorIngestGrain>(text));
        AddRoute(route);
        return route;
    }

    private void AddRoute(MetricRoute route)
    {
        _routes.Add(route.Name, route);
        _names.Add(route.Name);
    }

    private void RefreshNextClose()
    {
        _nextCloseAt = long.MaxValue;
        foreach (var route in _routes.Values)
        {
            // A stalled metric catches up by itself; it must not make every record look for windows to close.
            if (!route.Stalled)
            {
                _nextCloseAt = Math.Min(_nextCloseAt, route.NextCloseAt);
            }
        }
    }

    private async Task PersistAsync()
    {
        var checkpoint = _position;
        foreach (var route in _routes.Values)
        {
            if (route.DirtySince > 0)
            {
                checkpoint = Math.Min(checkpoint, route.DirtySince - 1);
            }
        }

        checkpoint = Math.Max(checkpoint, _checkpoint);
        if (checkpoint == _state.State.Checkpoint && _state.State.Position == _ledger.CountedThrough)
        {
            _checkpoint = checkpoint;
            return;
        }

        _state.State = _ledger.ToState(checkpoint, _watermark, _routes.Values);
        try
        {
            await _state.WriteStateAsync();
        }
        catch (InconsistentStateException)
        {
            DeactivateOnIdle();
            throw;
        }

        _checkpoint = checkpoint;
    }

    private readonly record struct Delivery(MetricRoute Route, ReadOnlyMemory<byte> Slice, int Points)
    {
        public const int WatermarkOnly = -1;
    }
}
