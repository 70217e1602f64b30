namespace OrleansMetrics.Grains.Aggregation;

/// <summary>What a point of a series touches: identity, lifetime totals, and the window that its points fall into now.</summary>
internal struct SeriesRow
{
    public ulong Id;
    public long Count;
    public double Sum;
    public double Min;
    public double Max;
    public OpenWindow Window;
}
