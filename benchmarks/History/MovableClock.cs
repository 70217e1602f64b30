namespace OrleansMetrics.Benchmarks.History;

/// <summary>The system's clock, some time behind. Timers and timestamps are not affected, as when a machine's clock is set.</summary>
internal sealed class MovableClock : TimeProvider
{
    private long _offsetTicks;

    /// <summary>Has the clock say this time now, and go on from there.</summary>
    public void Set(DateTimeOffset time) => Volatile.Write(ref _offsetTicks, (time - System.GetUtcNow()).Ticks);

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddTicks(Volatile.Read(ref _offsetTicks));
}
