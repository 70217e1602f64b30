using OrleansMetrics.Contracts.Windows;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>One window in full, taken from an open cell or from bytes, to be written, read out or restored. Reused from window to window.</summary>
internal sealed class Window
{
    /// <summary>Values kept one by one before a sketch takes over.</summary>
    public const int MaxValues = 16;

    /// <summary>Values kept one by one in a final window; the sketch of more is smaller than they are.</summary>
    public const int MaxFinalValues = 8;

    private readonly double[] _values = new double[MaxValues];
    private readonly double[] _sorted = new double[MaxValues];
    private readonly ExponentialHistogram _ownSketch = new();

    public long Start { get; set; }

    public long Size { get; set; }

    public long End => Start + Size;

    public Totals Totals { get; set; }

    public double Last { get; set; }

    public long LastAt { get; set; }

    /// <summary>The sketch; null while the values are kept one by one. Borrowed until the next window.</summary>
    public ExponentialHistogram? Sketch { get; set; }

    /// <summary>The values in the order of the log; meaningful without a sketch only.</summary>
    public Span<double> Values => _values.AsSpan(0, (int)Totals.Count);

    /// <summary>The sketch of this object, emptied, as the window's sketch.</summary>
    public ExponentialHistogram UseOwnSketch()
    {
        _ownSketch.Clear();
        Sketch = _ownSketch;
        return _ownSketch;
    }

    /// <summary>Turns more than <see cref="MaxFinalValues"/> values into a sketch.</summary>
    public void Compact()
    {
        if (Sketch is not null || Totals.Count <= MaxFinalValues)
        {
            return;
        }

        var sketch = UseOwnSketch();
        foreach (var value in Values)
        {
            sketch.Add(value);
        }
    }

    public WindowAggregate ToContract(bool final, IReadOnlyList<double> probabilities)
    {
        var quantiles = new QuantileValue[probabilities.Count];
        if (Sketch is null)
        {
            Values.CopyTo(_sorted);
            _sorted.AsSpan(0, Values.Length).Sort();
        }

        for (var i = 0; i < quantiles.Length; i++)
        {
            var value = Sketch is null
                ? _sorted[ExponentialHistogram.RankOf(probabilities[i], Totals.Count) - 1]
                : Sketch.Quantile(probabilities[i]);
            quantiles[i] = new QuantileValue(probabilities[i], value);
        }

        return new WindowAggregate
        {
            Start = Instant(Start),
            End = Instant(End),
            Final = final,
            Count = Totals.Count,
            Sum = Totals.Sum,
            Min = Totals.Min,
            Max = Totals.Max,
            Mean = Totals.Sum / Totals.Count,
            Last = Last,
            LastUpdated = Instant(LastAt),
            Quantiles = quantiles,
        };
    }

    /// <summary>The instant, or the nearest that the type has.</summary>
    private static DateTimeOffset Instant(long time) =>
        DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(time, EventTime.Min, EventTime.Max));
}
