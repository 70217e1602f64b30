namespace OrleansMetrics.Grains.Flush;

/// <summary>Persists the aggregates of one partition. The key is the partition's number.</summary>
[Alias("OrleansMetrics.IFlushGrain")]
public interface IFlushGrain : IGrainWithStringKey
{
    /// <summary>Registers the reminder that wakes this grain for good. Idempotent; every silo calls it when it starts.</summary>
    [Alias("Start")]
    Task Start();

    /// <summary>Snapshots what has changed, moves the checkpoint, trims the log. Returns the checkpoint.</summary>
    [Alias("FlushNow")]
    Task<long> FlushNow();
}
