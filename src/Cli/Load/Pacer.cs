namespace OrleansMetrics.Cli.Load;

/// <summary>
/// Spreads points evenly over time. A load that fell behind catches up, but by one second's worth at most: after a pause of the node it
/// goes on at its rate instead of flooding it. Safe for many callers.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="pointsPerSecond">The rate; 0: no pacing.</param>
internal sealed class Pacer(TimeProvider time, double pointsPerSecond)
{
    private static readonly TimeSpan MostBehind = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly long _start = time.GetTimestamp();
    private TimeSpan _due;

    /// <summary>Takes the next place for that many points; returns how long to wait before sending them.</summary>
    public TimeSpan Reserve(int points)
    {
        if (pointsPerSecond <= 0)
        {
            return TimeSpan.Zero;
        }
        lock (_gate)
        {
            var now = time.GetElapsedTime(_start);
            if (_due < now - MostBehind)
            {
                _due = now - MostBehind;
            }
            var wait = _due - now;
            _due += TimeSpan.FromSeconds(points / pointsPerSecond);
            return wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
        }
    }
}
