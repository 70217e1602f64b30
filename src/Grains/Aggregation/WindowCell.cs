namespace OrleansMetrics.Grains.Aggregation;

/// <summary>An open window of a series, or nothing while <see cref="Count"/> is 0.</summary>
internal struct WindowCell
{
    public long Start;
    public long Count;
    public double Sum;
    public double Min;
    public double Max;
    public double Last;

    /// <summary>Event time of <see cref="Last"/>.</summary>
    public long LastAt;

    /// <summary>The sketch, from the 17th value on; null before.</summary>
    public ExponentialHistogram? Sketch;

    /// <summary>Block with the values in the order of the log while they are few; 0 when there is but one, which is <see cref="Last"/>.</summary>
    public uint Values;

    /// <summary>Ordinal plus one of the next open window of the series outside its record; 0: none.</summary>
    public int Next;
}
