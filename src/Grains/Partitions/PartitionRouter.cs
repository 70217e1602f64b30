using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using OrleansMetrics.Contracts.Catalogue;
using OrleansMetrics.Contracts.Partitions;
using OrleansMetrics.Grains.Aggregators;
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
/// Without Orleans' runtime, so that tests decide what fails and in which order. Its asynchronous members are turns: they must not overlap,
/// but for <see cref="GetStatusAsync"/> and <see cref="ListMetrics"/>, which may be called at any await of another.
/// </remarks>
internal sealed partial class PartitionRouter(
    int partition,
    IPointLog log,
    IPersistentState<PartitionState> state,
    Func<string, IAggregatorIngestGrain> aggregators,
    LocalAggregators locals,
    TimeProvider time,
    SiloStatistics statistics,
    string silo,
    ILogger logger,
    IPartitionHost host)
{
    /// <summary>How often <see cref="MaintainAsync"/> is to be called.</summary>
    public static readonly TimeSpan MaintenancePeriod = TimeSpan.FromSeconds(1);

    private readonly int _partition = partition;
    private readonly IPointLog _log = log;
    private readonly TimeProvider _time = time;
    private readonly SiloStatistics _statistics = statistics;
    private readonly ILogger _logger = logger;
    private readonly IPartitionHost _host = host;
    private readonly RouteTable _routes = new(aggregators, locals);
    private readonly PartitionLedger _ledger = new();
    private long _position;
    private long _watermark;
    private long _trimmedAtStart;

    private long Now => _time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>False while records that are in the ledger are routed again, after an activation.</summary>
    private bool AllCountedIsRouted => _position >= _ledger.CountedThrough;

    /// <summary>Goes on from the persisted state, which has been read. Everything beyond its checkpoint is read from the log.</summary>
    /// <exception cref="InvalidOperationException">The state is ahead of the log.</exception>
    public async Task ActivateAsync(CancellationToken cancellationToken)
    {
        var head = await _log.GetHeadAsync(_partition, cancellationToken);
        var persisted = state.State;
        if (head.Position < persisted.Position)
        {
            // New records would get positions that the aggregators have applied, and be skipped. A log that has lost its end marks a gap
            // when it is opened and stands beyond; this one is another log, or an older copy that was closed properly.
            throw new InvalidOperationException(
                $"Partition {_partition}: the snapshots hold records up to position {persisted.Position}, the log ends at {head.Position}. "
                + "Log and snapshots are not from the same run. Restore both from the same backup; or move the snapshots away and start with what the log still holds.");
        }

        _checkpoint = _position = persisted.Checkpoint;
        _watermark = persisted.Watermark;
        _trimmedAtStart = head.TrimmedTo;
        _ledger.Restore(persisted);
        _routes.Restore(persisted);
        _forgottenThrough = persisted.ForgottenThrough;
        foreach (var metric in persisted.Forgetting)
        {
            _forgetting[metric.Name] = metric.Through;
        }

        StartReplay();
    }

    /// <summary>Persists the state; says so in the log when that fails.</summary>
    public async Task DeactivateAsync()
    {
        try
        {
            await PersistAsync(forgets: false);
        }
        catch (Exception exception)
        {
            // The checkpoint of before stands: records are routed again and skipped by position.
            _statistics.ErrorHandled();
            LogPersistFailed(exception, _partition);
        }
    }

    /// <summary>The stream brought a record. It is routed if it is the next one; otherwise the log is asked for what is missing.</summary>
    public Task RecordArrivedAsync(LogRecord record)
    {
        if (record.Position <= _position)
        {
            return Task.CompletedTask;
        }

        if (!_replaying && record.Position == _position + 1)
        {
            return RouteAsync(record);
        }

        StartReplay();
        return Task.CompletedTask;
    }

    /// <summary>The stream gave records up. They are missing from the sequence of positions and are read from the log.</summary>
    public void StreamFailed(Exception exception)
    {
        LogStreamError(exception, _partition);
        StartReplay();
    }

    /// <summary>Where the partition stands, with its ledger.</summary>
    public async Task<PartitionStatus> GetStatusAsync()
    {
        var head = await _log.GetHeadAsync(_partition, CancellationToken.None);
        return _ledger.ToStatus(_partition, silo, head, _routes.All) with
        {
            Position = _position,
            Head = Math.Max(head.Position, _position),
            Checkpoint = _checkpoint,
            Watermark = _watermark,
            Replaying = _replaying,
            ReplayingSince = _replaying ? _replayingSince : 0,
            RecordsBehind = RecordsBetween(_position, head.Position),
        };
    }

    /// <summary>The partition's part of the catalogue.</summary>
    public MetricPage ListMetrics(CatalogueQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        return _routes.List(query);
    }
}
