namespace OrleansMetrics.Benchmarks.Load;

/// <summary>What a load is made of. The same shape and seed give the same bodies.</summary>
internal sealed record LoadShape
{
    /// <summary>Distinct metrics.</summary>
    public int Metrics { get; init; } = 20;

    /// <summary>Series of all metrics together; every metric has the same number, at least one.</summary>
    public int Series { get; init; } = 1_000;

    /// <summary>Lines of a request: a point each.</summary>
    public int LinesPerRequest { get; init; } = 5_000;

    /// <summary>Connections, each with one request under way.</summary>
    public int Connections { get; init; } = 4;

    /// <summary>Least number of lines until bodies repeat, so that the values of a series vary.</summary>
    public int LeastLines { get; init; } = 400_000;

    /// <summary>Where values come from.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Series of one metric.</summary>
    public int SeriesPerMetric => Math.Max(1, Series / Metrics);

    /// <summary>Series that there really are.</summary>
    public int TotalSeries => SeriesPerMetric * Metrics;
}
