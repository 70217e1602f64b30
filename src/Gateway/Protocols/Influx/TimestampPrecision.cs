namespace OrleansMetrics.Gateway.Protocols.Influx;

/// <summary>The unit of the timestamps of a line protocol body: the <c>precision</c> parameter.</summary>
public enum TimestampPrecision
{
    /// <summary><c>ns</c> or <c>n</c>; the default.</summary>
    Nanoseconds,

    /// <summary><c>us</c>, <c>u</c> or <c>µ</c>.</summary>
    Microseconds,

    /// <summary><c>ms</c>.</summary>
    Milliseconds,

    /// <summary><c>s</c>.</summary>
    Seconds,

    /// <summary><c>m</c>; InfluxDB 1 only.</summary>
    Minutes,

    /// <summary><c>h</c>; InfluxDB 1 only.</summary>
    Hours,
}
