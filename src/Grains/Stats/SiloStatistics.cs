namespace OrleansMetrics.Grains.Stats;

/// <summary>What the grains of this silo have done since it started. Lock-free; updated once per slice or flush, never per point.</summary>
public sealed class SiloStatistics
{
    private long _processed;
    private long _late;
    private long _collided;
    private long _conflicted;
    private long _poisoned;
    private long _flushes;
    private long _errors;
    private long _replayed;
    private long _forgotten;
    private long _corrected;

    /// <summary>Points put into windows; points that were replayed count again.</summary>
    public long Processed => Volatile.Read(ref _processed);

    /// <summary>Points that came after their window was final, and too late to correct it.</summary>
    public long Late => Volatile.Read(ref _late);

    /// <summary>Points that corrected a final window; part of <see cref="Processed"/>.</summary>
    public long Corrected => Volatile.Read(ref _corrected);

    /// <summary>Points whose series has the identity of another.</summary>
    public long Collided => Volatile.Read(ref _collided);

    /// <summary>Points of another kind than their metric.</summary>
    public long Conflicted => Volatile.Read(ref _conflicted);

    /// <summary>Batches set aside because they could not be read.</summary>
    public long Poisoned => Volatile.Read(ref _poisoned);

    /// <summary>Snapshots written.</summary>
    public long Flushes => Volatile.Read(ref _flushes);

    /// <summary>Failures that were handled.</summary>
    public long Errors => Volatile.Read(ref _errors);

    /// <summary>Records read back from the log because a partition or an aggregator was behind.</summary>
    public long Replayed => Volatile.Read(ref _replayed);

    /// <summary>Counts the points of a slice.</summary>
    public void SliceApplied(long processed, long late, long collided, long corrected, long conflicted)
    {
        Interlocked.Add(ref _processed, processed);
        if (late > 0)
        {
            Interlocked.Add(ref _late, late);
        }

        if (collided > 0)
        {
            Interlocked.Add(ref _collided, collided);
        }

        if (conflicted > 0)
        {
            Interlocked.Add(ref _conflicted, conflicted);
        }

        if (corrected > 0)
        {
            Interlocked.Add(ref _corrected, corrected);
        }
    }

    /// <summary>Counts a batch set aside.</summary>
    public void BatchPoisoned() => Interlocked.Increment(ref _poisoned);

    /// <summary>Metrics of which nothing was left.</summary>
    public long Forgotten => Volatile.Read(ref _forgotten);

    /// <summary>Counts a metric of which nothing was left.</summary>
    public void MetricForgotten() => Interlocked.Increment(ref _forgotten);

    /// <summary>Counts a snapshot written.</summary>
    public void SnapshotWritten() => Interlocked.Increment(ref _flushes);

    /// <summary>Counts a failure that was handled.</summary>
    public void ErrorHandled() => Interlocked.Increment(ref _errors);

    /// <summary>Counts records read back.</summary>
    public void RecordsReplayed(long records) => Interlocked.Add(ref _replayed, records);
}
