namespace OrleansMetrics.Faults.Injection;

/// <summary>The system's clock, some time ahead or behind. Timers and timestamps are not affected, as when a machine's clock is set.</summary>
internal sealed class SteppedClock : TimeProvider
{
    private long _offsetTicks;

    public TimeSpan Offset
    {
        get => new(Volatile.Read(ref _offsetTicks));
        set => Volatile.Write(ref _offsetTicks, value.Ticks);
    }

    /// <inheritdoc />
    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Offset;
}
