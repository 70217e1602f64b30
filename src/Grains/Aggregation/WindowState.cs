namespace OrleansMetrics.Grains.Aggregation;

/// <summary>One window in full, taken out of where it is kept to be described, checked or opened. Used again from window to window.</summary>
internal sealed class WindowState
{
    private HyperLogLog? _elements;

    public long Start { get; set; }

    public int Size { get; set; }

    public long Count { get; set; }

    public double Sum { get; set; }

    public double Min { get; set; }

    public double Max { get; set; }

    public double Last { get; set; }

    /// <summary>Event time of <see cref="Last"/>, milliseconds after the start.</summary>
    public int LastOffset { get; set; }

    /// <summary>The points are elements of a set: there is <see cref="Elements"/>, and neither values nor sketch.</summary>
    public bool IsSet { get; set; }

    /// <summary>Of a set: all elements.</summary>
    public HyperLogLog Elements => _elements ??= new HyperLogLog();

    /// <summary>How many of the points came after the window was final, as far as whoever merges windows knows.</summary>
    public long Revision { get; set; }

    /// <summary>All values.</summary>
    public ExponentialHistogram Sketch { get; } = new();

    public long End => Start + Size;
}
