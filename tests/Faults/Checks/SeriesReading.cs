namespace OrleansMetrics.Faults.Checks;

/// <summary>What a node or cluster has of a series, or what it must have.</summary>
internal sealed class SeriesReading
{
    public long Count { get; set; }

    public double Sum { get; set; }

    /// <summary>Count and sum by the window's start, Unix milliseconds.</summary>
    public SortedDictionary<long, (long Count, double Sum)> Windows { get; } = [];

    /// <summary>Adds a point several times; the window only when its time is known.</summary>
    public void Add(double value, long? time, long windowMilliseconds, long times = 1)
    {
        Count += times;
        Sum += times * value;
        if (time is { } at)
        {
            var start = at - (((at % windowMilliseconds) + windowMilliseconds) % windowMilliseconds);
            var window = Windows.GetValueOrDefault(start);
            Windows[start] = (window.Count + times, window.Sum + (times * value));
        }
    }

    public override string ToString() => $"count {Count}, sum {Sum}";
}
