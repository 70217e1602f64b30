namespace OrleansMetrics.Benchmarks.Compare;

/// <summary>One load on one server.</summary>
internal sealed record LoadMeasurement
{
    /// <summary>User and system time of the server per point, until it had processed everything.</summary>
    public required double CpuNanosecondsPerPoint { get; init; }

    /// <summary>Points over the time from the first request until everything could be queried.</summary>
    public required double PointsPerSecond { get; init; }

    /// <summary>Memory of the server when it had processed everything.</summary>
    public required long ResidentBytes { get; init; }

    /// <summary>The loader's own time per point.</summary>
    public required double LoaderNanosecondsPerPoint { get; init; }

    /// <summary>Share of the machine's time, idle time included, that neither the server nor the loader used.</summary>
    public required double OthersShare { get; init; }

    /// <summary>CPU of the server per second in the time after the load, in milliseconds.</summary>
    public required double AfterMillisecondsPerSecond { get; init; }

    /// <summary>Median of the requests.</summary>
    public required double RequestP50 { get; init; }

    /// <summary>99th percentile of the requests.</summary>
    public required double RequestP99 { get; init; }

    /// <summary>Requests refused and sent again.</summary>
    public required long Refusals { get; init; }

    /// <summary>Points acknowledged and left out: late ones.</summary>
    public required long LeftOut { get; init; }
}
