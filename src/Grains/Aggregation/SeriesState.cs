namespace OrleansMetrics.Grains.Aggregation;

/// <summary>What a point of a series touches: its identity and the open window that the point before it fell into.</summary>
internal struct SeriesState
{
    public ulong Id;
    public WindowCell Window;
}
