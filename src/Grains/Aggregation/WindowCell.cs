namespace OrleansMetrics.Grains.Aggregation;

/// <summary>One window of one series. Cells of a series are linked from the latest start to the earliest.</summary>
internal struct WindowCell
{
    public long Start;
    public long Count;
    public double Sum;
    public double Min;
    public double Max;
    public double Last;
    public long LastTime;

    /// <summary>From the second point on; the quantiles of one value are that value.</summary>
    public ExponentialHistogram? Sketch;

    /// <summary>Length of the window. Other than the configured one when the configuration has changed since.</summary>
    public int Size;

    /// <summary>The next earlier window of the series; −1: none. In a free cell, the next free one.</summary>
    public int Next;

    public bool Final;

    public readonly long End => Start + Size;
}
