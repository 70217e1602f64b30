namespace OrleansMetrics.Grains.Aggregation;

/// <summary>A window that takes points, in the form in which a point costs least; nothing while <see cref="Count"/> is 0.</summary>
internal struct OpenWindow
{
    /// <summary>Start of a window without points: no event time lies within a window's length of it.</summary>
    public const long None = long.MinValue;

    public long Start;
    public long Count;
    public double Sum;
    public double Min;
    public double Max;
    public double Last;

    /// <summary>Event time of <see cref="Last"/>, milliseconds after the start.</summary>
    public int LastOffset;

    /// <summary>From 2 points on the values as they came, in a block; from 9 on the counters of the positive ones.</summary>
    public Counters Values;

    /// <summary>Zeros and negative values, from 9 points on: place in their list plus one; 0: there are none.</summary>
    public int Rest;

    /// <summary>The next open window of the series outside its row: place in their list plus one; 0: none.</summary>
    public int Next;
}
