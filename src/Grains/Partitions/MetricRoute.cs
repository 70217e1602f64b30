using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Grains.Aggregation;
using OrleansMetrics.Grains.Aggregators;

namespace OrleansMetrics.Grains.Partitions;

/// <summary>What a partition knows of one of its metrics and its aggregator.</summary>
internal sealed class MetricRoute(string name, long begin, AggregatorLink aggregator)
{
    private long _observed;
    private long _gap;
    private bool _hadGap;
    private long _persisted;
    private long _advancedTo = long.MinValue;

    public string Name { get; } = name;

    public AggregatorLink Aggregator { get; } = aggregator;

    /// <summary>What the metric was at or below this position is forgotten; what an aggregator says of it counts no more.</summary>
    public long Begin { get; } = begin;

    /// <summary>Position and watermark of a persisted snapshot that has nothing but counters, while no slice has come since; 0: there is none.</summary>
    public (long Position, long Watermark) EmptyAt { get; private set; }

    public MetricKind Kind { get; private set; }

    public int Series { get; private set; }

    /// <summary>What the metric's history takes in storage.</summary>
    public long HistoryBytes { get; private set; }

    /// <summary>What its snapshot takes.</summary>
    public long SnapshotBytes { get; private set; }

    /// <summary>Points of this metric in the records routed.</summary>
    public long Accepted { get; private set; }

    /// <summary>Those of <see cref="Accepted"/> that the log lost before a snapshot had them.</summary>
    public long Lost { get; private set; }

    /// <summary>What the aggregator last answered for.</summary>
    public AggregatorCounters Counters { get; private set; }

    /// <summary>
    /// Position of the last record before which records are missing, until a snapshot from beyond has been compared with what was accepted;
    /// 0 when there is nothing to compare.
    /// </summary>
    public long Gap
    {
        get => _gap;
        set
        {
            _gap = value;
            _hadGap |= value > 0;
        }
    }

    public long NextCloseAt { get; private set; } = long.MaxValue;

    /// <summary><see cref="NextCloseAt"/> of the snapshot: what it would be again if the aggregator were lost now.</summary>
    public long PersistedNextCloseAt { get; private set; } = long.MaxValue;

    /// <summary>
    /// A position that the aggregator has confirmed to have reached, such that it has every slice at or below; 0 when it has confirmed none since
    /// this activation of the partition, then it has those at or below the checkpoint.
    /// </summary>
    public long Confirmed { get; private set; }

    /// <summary><see cref="Confirmed"/> when the flush under way began: a snapshot below it lacks slices.</summary>
    public long ConfirmedAtFlush { get; private set; }

    /// <summary>Position of the last record with a slice for this metric, sent or not.</summary>
    public long LastSlice { get; private set; }

    /// <summary>Lowest position with a slice that is not known to be persisted; 0 when there is none.</summary>
    public long DirtySince { get; private set; }

    /// <summary>True while the aggregator does not take slices. They are read from the log again.</summary>
    public bool Stalled { get; private set; }

    /// <summary>While stalled: records at or below hold nothing that the aggregator still needs; −1 until it has been asked.</summary>
    public long ReplayedTo { get; set; }

    /// <summary>While stalled: when to try again.</summary>
    public long RetryAt { get; private set; }

    /// <summary>While stalled: how often trying again has failed.</summary>
    public int Failures { get; private set; }

    /// <summary>Whether a flush has something to do: slices or closed windows to persist, or a gap to settle.</summary>
    public bool Dirty => DirtySince > 0 || PersistedNextCloseAt <= _advancedTo || (Gap > 0 && Confirmed >= Gap);

    /// <summary>
    /// Nothing is left of the metric but counters, and a partition that starts again from this checkpoint finds no slice of it. An aggregator may be
    /// ahead of a partition that starts again: what is empty there may not be so here.
    /// </summary>
    public bool CanBeForgotten(long checkpoint, long watermark) =>
        EmptyAt.Position > 0 && EmptyAt.Position <= checkpoint && EmptyAt.Watermark <= watermark && !Stalled && Gap == 0 && DirtySince == 0 && LastSlice <= checkpoint && InFlight == 0 && !Dirty;

    public long InFlight => Accepted - Lost - Counters.Settled;

    public static MetricRoute Restore(PartitionState.MetricState state, bool hadGap, AggregatorLink aggregator) => new(state.Name, state.Begin, aggregator)
    {
        _hadGap = hadGap,
        Kind = state.Kind,
        Series = state.Series,
        HistoryBytes = state.HistoryBytes,
        SnapshotBytes = state.SnapshotBytes,
        Accepted = state.Accepted,
        Counters = state.Counters,
        NextCloseAt = state.NextCloseAt,
        PersistedNextCloseAt = state.NextCloseAt,
        Lost = state.Lost,
        Gap = state.Gap,
        EmptyAt = (state.EmptyPosition, state.EmptyWatermark),
    };

    public PartitionState.MetricState ToState() => new(Name, Kind, Series, Accepted, Counters, PersistedNextCloseAt, Lost, Gap, HistoryBytes, Begin, EmptyAt.Position, EmptyAt.Watermark, SnapshotBytes);

    /// <summary>Takes note of a slice, whether or not it could be sent.</summary>
    /// <param name="position">Its record's position.</param>
    /// <param name="points">Its points; 0 when they have been counted before.</param>
    public void SliceSeen(long position, long points)
    {
        Accepted += points;
        LastSlice = position;
        EmptyAt = default;
        if (DirtySince == 0)
        {
            DirtySince = position;
        }
    }

    /// <summary>Takes note that the aggregator has every slice at or below a position.</summary>
    public void SliceConfirmed(long position, in AggregatorStatus status, long countedThrough)
    {
        Confirmed = position;
        Observe(status, countedThrough);
    }

    public void WatermarkConfirmed(long watermark, in AggregatorStatus status, long countedThrough)
    {
        _advancedTo = Math.Max(_advancedTo, watermark);
        Observe(status, countedThrough);
    }

    public void FlushBegins() => ConfirmedAtFlush = Confirmed;

    public void Flushed(in AggregatorStatus status, long countedThrough)
    {
        Observe(status, countedThrough);
        EmptyAt = status.Empty && status.Persisted >= LastSlice ? (status.Persisted, status.Watermark) : default;
        if (status.Persisted >= _persisted)
        {
            _persisted = status.Persisted;
            PersistedNextCloseAt = status.NextCloseAt;
        }

        if (status.Persisted >= LastSlice)
        {
            DirtySince = 0;
        }
        else if (DirtySince > 0)
        {
            DirtySince = Math.Max(DirtySince, status.Persisted + 1);
        }
    }

    public void Stall(long retryAt)
    {
        if (!Stalled)
        {
            Stalled = true;
            Failures = 0;
            ReplayedTo = -1;
            RetryAt = retryAt;
            _observed = 0;
        }
    }

    /// <summary>The aggregator has said where it stands; it is sent what the log has beyond.</summary>
    public void CatchUpFrom(in AggregatorStatus status, long checkpoint, long countedThrough)
    {
        // Whatever the aggregator has not applied lies above the checkpoint, by the definition of the checkpoint.
        if (status.Begin == Begin)
        {
            ReplayedTo = Math.Max(status.Position, checkpoint);
            SliceConfirmed(status.Position, status, countedThrough);
        }
        else
        {
            // It has what is forgotten, and drops it when it is told to.
            ReplayedTo = checkpoint;
            Confirmed = 0;
        }
    }

    public void RetryFailed(long now)
    {
        Failures++;
        ReplayedTo = -1;
        _observed = 0;
        RetryAt = now + Math.Min(30_000, 250L << Math.Min(Failures, 7));
    }

    public void Resume()
    {
        Stalled = false;
        Failures = 0;
    }

    /// <summary>
    /// After records went missing: settles what was accepted with what the aggregator has, when all that it will ever get of
    /// the records accepted has been sent to it. Fewer points: the others are lost. More: they were accepted, and the log lost them.
    /// </summary>
    /// <returns>Points lost (negative: found again), and points accepted that this partition had not counted.</returns>
    public (long Lost, long Found) Settle(in AggregatorStatus status)
    {
        var missing = Accepted - Lost - status.Counters.Settled;
        Counters = status.Counters;
        var lost = Math.Max(missing, -Lost);
        var found = lost - missing;
        Lost += lost;
        Accepted += found;
        return (lost, found);
    }

    /// <summary>Takes over what an aggregator says of itself, unless a later answer is known already.</summary>
    private void Observe(in AggregatorStatus status, long countedThrough)
    {
        if (status.Position < _observed)
        {
            return;
        }

        _observed = status.Position;
        Series = status.Series;
        HistoryBytes = status.HistoryBytes;
        SnapshotBytes = status.SnapshotBytes;
        Kind = status.Kind;
        NextCloseAt = status.NextCloseAt;

        // An aggregator may be ahead of a partition that starts again from its checkpoint, and hold what the log has lost; also a stale one, whose
        // snapshot will be refused, after the other one has been settled. The ledger takes its word when it has counted the same records.
        if (status.Position <= countedThrough && (!_hadGap || status.Counters.Settled <= Accepted - Lost))
        {
            Counters = status.Counters;
        }
    }
}
