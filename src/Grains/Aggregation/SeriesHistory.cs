namespace OrleansMetrics.Grains.Aggregation;

/// <summary>What only closings and queries touch of a series.</summary>
internal struct SeriesHistory
{
    /// <summary>The points of windows that are not kept any more.</summary>
    public Totals Dropped;

    /// <summary>Block with the canonical key.</summary>
    public uint Key;

    /// <summary>Bytes of the key plus one; 0 while the key is not known.</summary>
    public int KeyLengthPlusOne;

    /// <summary>First and last of the list of final windows; 0 when there is none.</summary>
    public uint Oldest;
    public uint Newest;
    public int FinalWindows;
}
