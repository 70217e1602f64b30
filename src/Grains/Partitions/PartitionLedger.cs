using OrleansMetrics.Contracts.Partitions;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Grains.Aggregation;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Grains.Partitions;

/// <summary>
/// The partition's side of the ledger: what the records routed so far held. A record counts once, also when it is routed
/// again after a restart, because the counters are persisted with the position through which they count.
/// </summary>
internal sealed class PartitionLedger
{
    /// <summary>Gateways told apart; further ones are counted together.</summary>
    private const int MaxGateways = 256;

    private readonly Dictionary<string, long> _processedBy = new(StringComparer.Ordinal);
    private long _pointsThrough;
    private long _offset;
    private long _poisoned;
    private long _lost;

    /// <summary>Of metrics that are forgotten.</summary>
    private long _forgottenAccepted;
    private long _forgottenLost;
    private AggregatorCounters _forgotten;

    /// <summary>Records at or below this position are in the counters.</summary>
    public long CountedThrough { get; private set; }

    /// <summary>Position of the last record before which records were missing; 0 when none were.</summary>
    public long LastGap { get; set; }

    public void Restore(PartitionState state)
    {
        CountedThrough = state.Position;
        LastGap = state.LastGap;
        _pointsThrough = state.PointsThrough;
        _offset = state.Offset;
        _poisoned = state.Poisoned;
        _lost = state.Lost;
        _forgottenAccepted = state.ForgottenAccepted;
        _forgottenLost = state.ForgottenLost;
        _forgotten = state.ForgottenCounters;
        foreach (var (gateway, points) in state.ProcessedBy)
        {
            _processedBy.Add(gateway, points);
        }
    }

    /// <param name="record">The record.</param>
    /// <param name="batch">What it holds; null when it holds no points.</param>
    public void Count(LogRecord record, PointBatch? batch)
    {
        if (record.Position <= CountedThrough)
        {
            return;
        }

        var points = batch?.Points ?? 0;
        _lost += Advance(record, points) - points;
        if (batch is not null && points > 0)
        {
            var gateway = _processedBy.ContainsKey(batch.GatewayId) || _processedBy.Count < MaxGateways ? batch.GatewayId : "other";
            _processedBy[gateway] = _processedBy.GetValueOrDefault(gateway) + points;
        }
    }

    /// <param name="record">The record.</param>
    /// <param name="contiguous">False when records before it are missing: how many of the points are theirs is not known, and all count as lost.</param>
    public void CountPoison(LogRecord record, bool contiguous)
    {
        if (record.Position <= CountedThrough)
        {
            return;
        }

        var points = Advance(record, atLeast: 0);
        if (contiguous)
        {
            _poisoned += points;
        }
        else
        {
            _lost += points;
        }
    }

    /// <summary>
    /// Counts points that the log lost before they were counted, but a snapshot holds: they may be among those counted as lost because their
    /// record was missing; otherwise the log does not count them any more.
    /// </summary>
    public void Found(long points)
    {
        var taken = Math.Min(points, _lost);
        _lost -= taken;
        _pointsThrough += points - taken;
        _offset += points - taken;
    }

    /// <summary>A metric is forgotten: its points are counted here.</summary>
    public void Forget(MetricRoute route)
    {
        _forgottenAccepted += route.Accepted;
        _forgottenLost += route.Lost;
        _forgotten += route.Counters;
    }

    public PartitionState ToState(long checkpoint, long watermark, IEnumerable<MetricRoute> routes, IReadOnlyCollection<MetricRoute> leaving) => new()
    {
        Checkpoint = checkpoint,
        Position = CountedThrough,
        PointsThrough = _pointsThrough,
        Watermark = watermark,
        Poisoned = _poisoned,
        Lost = _lost,
        ProcessedBy = new Dictionary<string, long>(_processedBy, StringComparer.Ordinal),
        Metrics = [.. routes.Except(leaving).Select(static route => route.ToState())],
        Offset = _offset,
        LastGap = LastGap,
        ForgottenAccepted = _forgottenAccepted + leaving.Sum(static route => route.Accepted),
        ForgottenLost = _forgottenLost + leaving.Sum(static route => route.Lost),
        ForgottenCounters = leaving.Aggregate(_forgotten, static (sum, route) => sum + route.Counters),
    };

    /// <summary>The ledger as of now; the caller fills in where the partition stands.</summary>
    public PartitionStatus ToStatus(int partition, string silo, LogHead head, IReadOnlyCollection<MetricRoute> routes)
    {
        long accepted = _forgottenAccepted, processed = _forgotten.Processed, late = _forgotten.Late, collided = _forgotten.Collided, lost = _lost + _forgottenLost;
        long inFlight = 0, series = 0, historyBytes = 0;
        long overflowed = _forgotten.Overflowed, conflicted = _forgotten.Conflicted;
        long corrected = _forgotten.Corrected;
        int stalled = 0;
        var balanced = true;
        foreach (var route in routes)
        {
            accepted += route.Accepted;
            processed += route.Counters.Processed;
            late += route.Counters.Late;
            collided += route.Counters.Collided;
            conflicted += route.Counters.Conflicted;
            lost += route.Lost;
            inFlight += route.InFlight;
            series += route.Series;
            historyBytes += route.HistoryBytes;
            overflowed += route.Counters.Overflowed;
            corrected += route.Counters.Corrected;
            stalled += route.Stalled ? 1 : 0;
            balanced &= route.InFlight >= 0;
        }

        var dropped = new Dictionary<string, long>(StringComparer.Ordinal) { ["late"] = late };
        AddIfAny(dropped, "series_id_collision", collided);
        AddIfAny(dropped, "kind_conflict", conflicted);
        AddIfAny(dropped, "poison_batch", _poisoned);
        AddIfAny(dropped, "lost", lost);
        var inLog = Math.Max(0, head.PointsThrough + _offset - _pointsThrough);
        return new PartitionStatus
        {
            Partition = partition,
            Silo = silo,
            Head = head.Position,
            Position = 0,
            Checkpoint = 0,
            Watermark = 0,
            Accepted = _pointsThrough + inLog,
            Processed = processed,
            Dropped = dropped,
            InFlight = inLog + inFlight,
            Balanced = balanced && accepted + _poisoned + _lost == _pointsThrough,
            Metrics = routes.Count,
            Series = series,
            ProcessedBy = new Dictionary<string, long>(_processedBy, StringComparer.Ordinal),
            Replaying = false,
            ReplayingSince = 0,
            RecordsBehind = 0,
            LogBytes = head.Bytes,
            Stalled = stalled,
            PointsBehind = inLog,
            HistoryBytes = historyBytes,
            Overflowed = overflowed,
            Corrected = corrected,
            MostSeries = Largest(routes, static route => route.Series),
            MostStored = Largest(routes, static route => route.HistoryBytes + route.SnapshotBytes),
        };
    }

    /// <summary>The metrics with most of something: one pass, and a few comparisons for each.</summary>
    private static MetricSize[] Largest(IReadOnlyCollection<MetricRoute> routes, Func<MetricRoute, long> size)
    {
        var largest = new PriorityQueue<MetricRoute, long>(PartitionStatus.LargestMetrics + 1);
        foreach (var route in routes)
        {
            if (largest.Count < PartitionStatus.LargestMetrics)
            {
                largest.Enqueue(route, size(route));
            }
            else
            {
                largest.EnqueueDequeue(route, size(route));
            }
        }

        var sizes = new MetricSize[largest.Count];
        for (var i = sizes.Length - 1; i >= 0; i--)
        {
            var route = largest.Dequeue();
            sizes[i] = new MetricSize(route.Name, route.Series, route.SnapshotBytes, route.HistoryBytes, route.Counters.Overflowed);
        }

        return sizes;
    }

    /// <summary>Moves on to a record, and returns the points that the log counts since the one before.</summary>
    private long Advance(LogRecord record, long atLeast)
    {
        var points = record.PointsThrough + _offset - _pointsThrough;
        if (points < atLeast)
        {
            // The log has lost records that are counted here, and counts on from before them. What is counted stays counted.
            _offset += atLeast - points;
            points = atLeast;
        }

        CountedThrough = record.Position;
        _pointsThrough += points;
        return points;
    }

    private static void AddIfAny(Dictionary<string, long> dropped, string reason, long points)
    {
        if (points != 0)
        {
            dropped.Add(reason, points);
        }
    }
}
