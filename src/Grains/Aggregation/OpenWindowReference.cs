namespace OrleansMetrics.Grains.Aggregation;

/// <summary>Where an open window of a series is: its place in the list of other windows plus one, 0 for the series' own record.</summary>
internal readonly record struct OpenWindowReference(long End, long Start, int Other) : IComparable<OpenWindowReference>
{
    public int CompareTo(OpenWindowReference other)
    {
        var byEnd = End.CompareTo(other.End);
        return byEnd != 0 ? byEnd : Start.CompareTo(other.Start);
    }
}
