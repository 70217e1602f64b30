namespace OrleansMetrics.Contracts.Points;

/// <summary>What the values of a metric mean. One byte on the wire; values are never reused.</summary>
public enum MetricKind : byte
{
    /// <summary>A value measured at a moment.</summary>
    Gauge = 0,
}
