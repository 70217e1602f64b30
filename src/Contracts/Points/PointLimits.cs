namespace OrleansMetrics.Contracts.Points;

/// <summary>The limits that every point keeps, whatever protocol it came by. A point beyond one is rejected with a reason.</summary>
public static class PointLimits
{
    /// <summary>Longest metric name, in bytes of UTF-8.</summary>
    public const int MaxMetricNameBytes = 256;

    /// <summary>Longest tag name, in bytes of UTF-8.</summary>
    public const int MaxTagNameBytes = 256;

    /// <summary>Longest tag value, in bytes of UTF-8.</summary>
    public const int MaxTagValueBytes = 4 * 1024;

    /// <summary>Most tags of one point.</summary>
    public const int MaxTags = 40;
}
