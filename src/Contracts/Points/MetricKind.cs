namespace OrleansMetrics.Contracts.Points;

/// <summary>What the values of a metric mean: docs/kinds.md. A property of the metric; one byte on the wire; values are never reused.</summary>
public enum MetricKind : byte
{
    /// <summary>A value measured at a moment. What a metric is of which nobody says what it is.</summary>
    Gauge = 0,

    /// <summary>Increments: values say by how much something has grown.</summary>
    Counter = 1,

    /// <summary>Running totals, which windows hold the increments of; a total that has become smaller has started again from zero.</summary>
    CumulativeCounter = 2,

    /// <summary>Samples, such as sizes or durations, of which the distribution matters.</summary>
    Distribution = 3,

    /// <summary>Elements, such as users or addresses, of which it matters how many different ones there were.</summary>
    Set = 4,
}
