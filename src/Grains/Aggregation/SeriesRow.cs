namespace OrleansMetrics.Grains.Aggregation;

/// <summary>One series: identity, lifetime totals and the latest of its windows.</summary>
internal struct SeriesRow
{
    public ulong Id;
    public long Count;
    public double Sum;
    public double Min;
    public double Max;

    /// <summary>Canonical key; null until the definition has come.</summary>
    public byte[]? Key;

    /// <summary>Two keys claim this identity: its points cannot be told apart any more and are not taken.</summary>
    public bool Collided;

    /// <summary>The latest window; −1: none.</summary>
    public int Cell;
}
