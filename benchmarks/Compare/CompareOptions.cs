namespace OrleansMetrics.Benchmarks.Compare;

/// <summary>What <c>compare</c> was asked for.</summary>
internal sealed record CompareOptions
{
    /// <summary>How often each server is started and measured.</summary>
    public required int Rounds { get; init; }

    /// <summary>Points of a load that counts.</summary>
    public required long Points { get; init; }

    /// <summary>Points of the load before it, which does not count; 0: a fifth, and at least every series twice.</summary>
    public required long WarmUpPoints { get; init; }

    /// <summary>Series of all metrics together; each number is a table of its own.</summary>
    public required int[] Series { get; init; }

    /// <summary>Distinct metrics.</summary>
    public required int Metrics { get; init; }

    /// <summary>Connections of the loader.</summary>
    public required int Connections { get; init; }

    /// <summary>Points per second; 0: as fast as the server answers.</summary>
    public required double Rate { get; init; }

    /// <summary>How far the points' own time moves in a load that counts.</summary>
    public required TimeSpan EventSpan { get; init; }

    /// <summary>How long a server is watched after a load, for what it puts off; zero: not at all.</summary>
    public required TimeSpan After { get; init; }

    /// <summary>Nanoseconds of event time per point.</summary>
    public long EventStep => Math.Max(1, EventSpan.Ticks * TimeSpan.NanosecondsPerTick / Points);

    /// <summary>Points of the load that does not count.</summary>
    public long WarmUpFor(int series) => WarmUpPoints > 0 ? WarmUpPoints : Math.Max(Points / 5, 2L * series);
}
