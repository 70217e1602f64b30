using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.History;

/// <summary>
/// Merges windows of one series: count, least, greatest, last value and sketch exactly, so that a rollup equals the aggregate of its points. The sum is that of the
/// sums; of up to eight points it is that of the values, added in the order of the windows.
/// </summary>
internal static class WindowMerge
{
    /// <summary>Moves a window of points to a longer one that it lies in.</summary>
    public static void Widen(WindowState window, long start, int size)
    {
        window.LastOffset = checked((int)(window.Start + window.LastOffset - start));
        (window.Start, window.Size) = (start, size);
    }

    /// <summary>Adds the points of another window, which came after this one's or at the same time.</summary>
    /// <param name="into">Lies where both do.</param>
    /// <param name="other">Lies within it.</param>
    /// <param name="sketches">False when sketches are not wanted and may not be there: those of the result are wrong then.</param>
    public static void Add(WindowState into, WindowState other, bool sketches = true)
    {
        // Before anything is changed that bits are read by.
        var (values, otherValues) = (into.Sketch, other.Sketch);
        var sum = into.Sum + other.Sum;
        var lastAt = other.Start + other.LastOffset - into.Start;
        into.Count = checked(into.Count + other.Count);
        into.Revision += other.Revision;
        if (into.IsSet)
        {
            into.LastOffset = checked((int)Math.Max(into.LastOffset, lastAt));
            into.Elements.Merge(other.Elements);
            return;
        }

        into.Min = Math.Min(into.Min, other.Min);
        into.Max = Math.Max(into.Max, other.Max);
        if (lastAt >= into.LastOffset)
        {
            into.Last = other.Last;
            into.LastOffset = checked((int)lastAt);
        }

        if (into.Count <= ExponentialHistogram.MaxRaw)
        {
            values.Merge(otherValues);
            SetTotalsOfRaw(into);
            return;
        }

        into.Sum = sum;
        if (sketches)
        {
            values.Merge(otherValues);
        }
    }

    /// <summary>Sum, least and greatest of a window whose values are kept as they are.</summary>
    public static void SetTotalsOfRaw(WindowState window)
    {
        var raw = window.Sketch.Raw;
        var (sum, min, max) = (raw[0], raw[0], raw[0]);
        foreach (var value in raw[1..])
        {
            sum += value;
            min = Math.Min(min, value);
            max = Math.Max(max, value);
        }

        (window.Sum, window.Min, window.Max) = (sum, min, max);
    }
}
