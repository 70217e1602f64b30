namespace OrleansMetrics.Benchmarks.Load;

/// <summary>
/// The time that points carry. It runs by points, so that every load turns over the same number of windows however fast it is, from one load
/// to the next; it never falls behind the clock, which would make points late, and never runs ahead of it as far as nodes refuse.
/// Safe for many threads.
/// </summary>
/// <param name="clock">The real time.</param>
internal sealed class EventTime(TimeProvider clock)
{
    /// <summary>Nodes refuse ten minutes by default.</summary>
    private static readonly long MostAhead = TimeSpan.FromMinutes(8).Ticks * TimeSpan.NanosecondsPerTick;

    private readonly Lock _gate = new();
    private long _next;

    /// <summary>Takes the times of a request's lines; returns the first, in nanoseconds since the epoch.</summary>
    public long Take(int lines, long step)
    {
        var now = (clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;
        lock (_gate)
        {
            var first = Math.Clamp(_next, now, now + MostAhead);
            _next = first + (lines * step);
            return first;
        }
    }
}
