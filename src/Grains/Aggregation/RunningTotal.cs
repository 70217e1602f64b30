namespace OrleansMetrics.Grains.Aggregation;

/// <summary>What a series of a cumulative counter said last: the total, and when.</summary>
/// <param name="Value">The total.</param>
/// <param name="Since">Event time, in milliseconds since <see cref="MetricAggregator.EarliestTime"/>, plus 1; 0: it has said nothing yet.</param>
internal readonly record struct RunningTotal(double Value, long Since)
{
    /// <summary>Whether there is one.</summary>
    public bool IsKnown => Since > 0;

    /// <summary>The total of an event time within the calendar.</summary>
    public static RunningTotal Of(double value, long time) => new(value, Math.Max(1, time - MetricAggregator.EarliestTime + 1));

    /// <summary>
    /// By how much the series has grown with the next total. The first one only says where it stands. A total that is smaller has started again
    /// from zero. One that is not later says nothing: what has been added by then is in the later one. These are the rules of OpenTelemetry's cumulative
    /// to delta processor and of Prometheus' <c>increase</c>.
    /// </summary>
    /// <param name="next">The next total.</param>
    /// <returns>The increment, and what is the last total then.</returns>
    public (double Increment, RunningTotal Last) Then(RunningTotal next) =>
        !IsKnown ? (0, next)
        : next.Since <= Since ? (0, this)
        : (next.Value < Value ? next.Value : next.Value - Value, next);
}
