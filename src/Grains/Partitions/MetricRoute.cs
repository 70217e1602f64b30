using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Grains.Aggregation;
using OrleansMetrics.Grains.Aggregators;

namespace OrleansMetrics.Grains.Partitions;

/// <summary>What a partition knows of one of its metrics and its aggregator.</summary>
internal sealed class MetricRoute(string name, IAggregatorIngestGrain aggregator)
{
    private long _observed;

    public string Name { get; } = name;

    public IAggregatorIngestGrain Aggregator { get; } = aggregator;

    public MetricKind Kind { get; private set; }

    public int Series { get; private set; }

    /// <summary>Points of this metric in the records routed.</summary>
    public long Accepted { get; set; }

    /// <summary>What the aggregator last answered for.</summary>
    public AggregatorCounters Counters { get; private set; }

    public long NextCloseAt { get; private set; } = long.MaxValue;

    /// <summary>Position of the last slice that the aggregator confirmed; 0 when none since this activation of the partition.</summary>
    public long Confirmed { get; private set; }

    /// <summary><see cref="Confirmed"/> when the flush under way began: a snapshot below it lacks slices.</summary>
    public long ConfirmedAtFlush { get; private set; }

    /// <summary>Position of the last record with a slice for this metric, sent or not.</summary>
    public long LastSlice { get; private set; }

    /// <summary>Lowest position with a slice that is not known to be persisted; 0 when there is none.</summary>
    public long DirtySince { get; private set; }

    /// <summary>True when windows were closed since the last snapshot.</summary>
    public bool Advanced { get; private set; }

    /// <summary>True while the aggregator does not take slices. They are read from the log again.</summary>
    public bool Stalled { get; private set; }

    /// <summary>While stalled: records at or below hold nothing that the aggregator still needs; −1 until it has been asked.</summary>
    public long ReplayedTo { get; set; }

    /// <summary>While stalled: when to try again, and how often that has failed.</summary>
    public long RetryAt { get; set; }

    public int Failures { get; private set; }

    public bool Dirty => DirtySince > 0 || Advanced;

    public long InFlight => Accepted - Counters.Processed - Counters.Late - Counters.Collided;

    public static MetricRoute Restore(PartitionState.MetricState state, IAggregatorIngestGrain aggregator) => new(state.Name, aggregator)
    {
        Kind = state.Kind,
        Series = state.Series,
        Accepted = state.Accepted,
        Counters = state.Counters,
        NextCloseAt = state.NextCloseAt,
    };

    public PartitionState.MetricState ToState() => new(Name, Kind, Series, Accepted, Counters, NextCloseAt);

    public void SliceSeen(long position)
    {
        LastSlice = position;
        if (DirtySince == 0)
        {
            DirtySince = position;
        }
    }

    public void SliceConfirmed(long position, in AggregatorStatus status)
    {
        Confirmed = position;
        Observe(status);
    }

    public void WatermarkConfirmed(in AggregatorStatus status)
    {
        Advanced = true;
        Observe(status);
    }

    /// <summary>Takes over what an aggregator says of itself, unless a later answer is known already.</summary>
    public void Observe(in AggregatorStatus status)
    {
        if (status.Position < _observed)
        {
            return;
        }

        _observed = status.Position;
        Counters = status.Counters;
        Series = status.Series;
        Kind = status.Kind;
        NextCloseAt = status.NextCloseAt;
    }

    public void FlushBegins() => ConfirmedAtFlush = Confirmed;

    public void Flushed(in AggregatorStatus status)
    {
        Observe(status);
        Advanced = false;
        if (status.Persisted >= LastSlice)
        {
            DirtySince = 0;
        }
        else if (DirtySince > 0)
        {
            DirtySince = Math.Max(DirtySince, status.Persisted + 1);
        }
    }

    public void Stall(long now)
    {
        if (!Stalled)
        {
            Stalled = true;
            Failures = 0;
            ReplayedTo = -1;
            RetryAt = now;
            _observed = 0;
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
}
