namespace OrleansMetrics.Contracts.Points;

/// <summary>One measured value of one series at one time, as an Orleans client publishes it.</summary>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.MetricPoint")]
public sealed record MetricPoint
{
    /// <summary>Metric name: not empty, at most <see cref="PointLimits.MaxMetricNameBytes"/> bytes of UTF-8, no control characters.</summary>
    [Id(0)] public required string Metric { get; init; }

    /// <summary>The measured value: finite.</summary>
    [Id(1)] public required double Value { get; init; }

    /// <summary>Event time, kept to the millisecond. Null: the time at which the node that receives the point reads it.</summary>
    [Id(2)] public DateTimeOffset? Timestamp { get; init; }

    /// <summary>Tags in any order; names are unique. At most <see cref="PointLimits.MaxTags"/>.</summary>
    [Id(3)] public Tag[] Tags { get; init; } = [];

    /// <summary>What the metric is. Null: what it is already, and a gauge when it is new. A point that names another kind than the metric's is rejected.</summary>
    [Id(4)] public MetricKind? Kind { get; init; }

    /// <summary>The element of a set, in place of <see cref="Value"/>, which is not looked at then. Null: the value is the element. Only for sets.</summary>
    [Id(5)] public string? Element { get; init; }
}
