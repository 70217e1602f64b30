using System.Diagnostics.CodeAnalysis;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.Aggregation;
using OrleansMetrics.Grains.History.Chunks;

namespace OrleansMetrics.Grains.History.Backup;

/// <summary>Windows in the form in which they leave the cluster and come back: docs/formats/export.md.</summary>
internal static class StoredWindows
{
    /// <summary>Far more points than a window can have, and few enough that windows can be merged.</summary>
    private const long MaxCount = 1L << 50;

    /// <summary>All of a window.</summary>
    /// <param name="window">The window.</param>
    /// <param name="bits">Room for its sketch.</param>
    public static StoredWindow Describe(WindowState window, BitSink bits)
    {
        var described = new StoredWindow
        {
            Start = Instant(window.Start),
            End = Instant(window.End),
            Count = window.Count,
            LastUpdated = Instant(window.Start + window.LastOffset),
            Revision = window.Revision,
        };
        bits.Clear();
        if (window.IsSet)
        {
            window.Elements.Write(bits);
            return described with { Sketch = bits.ToBytes().ToArray() };
        }

        described = described with { Sum = window.Sum, Min = window.Min, Max = window.Max, Last = window.Last };
        if (window.Count <= ExponentialHistogram.MaxRaw)
        {
            return described with { Values = window.Sketch.Raw.ToArray() };
        }

        SketchBits.Write(bits, window);
        return described with { Sketch = bits.ToBytes().ToArray() };
    }

    /// <summary>Takes a window over, or says what is wrong with it.</summary>
    /// <param name="stored">The window.</param>
    /// <param name="isSet">It is of a set.</param>
    /// <param name="into">Where to; of no use when the answer is false.</param>
    /// <param name="reason">Why not, for machines.</param>
    /// <param name="message">Why not, for people.</param>
    public static bool TryRead(StoredWindow stored, bool isSet, WindowState into, [NotNullWhen(false)] out string? reason, [NotNullWhen(false)] out string? message)
    {
        reason = "invalid";
        message = ReadPlace(stored, into);
        if (message is not null)
        {
            return false;
        }

        into.IsSet = isSet;
        into.Revision = 0;
        into.ClearSketch();
        try
        {
            if (isSet)
            {
                message = ReadSet(stored, into);
            }
            else if (stored.Values is { } values)
            {
                message = ReadValues(stored, values, into);
            }
            else if (stored.Sketch is null && stored.Count > 1 && !stored.Min.Equals(stored.Max))
            {
                reason = "no_sketch";
                message = "The window has neither values nor a sketch, and they do not follow from least and greatest value: its quantiles would not be known.";
            }
            else
            {
                message = ReadTotals(stored, into);
            }
        }
        catch (InvalidDataException exception)
        {
            message = $"The sketch is none of this window: {exception.Message}.";
        }

        if (message is not null)
        {
            return false;
        }

        reason = null;
        return true;
    }

    private static string? ReadPlace(StoredWindow stored, WindowState into)
    {
        var (start, end) = (stored.Start.ToUnixTimeMilliseconds(), stored.End.ToUnixTimeMilliseconds());
        var size = end - start;
        if (size is < 1 or > int.MaxValue || SeriesMerger.StepStart(start, size) != start)
        {
            return $"The window is {size} ms long; it must be 1 to {int.MaxValue}, and begin at a multiple of that.";
        }

        if (stored.Count is < 1 or > MaxCount)
        {
            return $"The window has {stored.Count} points; it must have 1 to {MaxCount}.";
        }

        var offset = stored.LastUpdated.ToUnixTimeMilliseconds() - start;
        if (offset < 0 || offset >= size)
        {
            return "The last value was not within the window.";
        }

        (into.Start, into.Size, into.Count, into.LastOffset) = (start, (int)size, stored.Count, (int)offset);
        return null;
    }

    private static string? ReadSet(StoredWindow stored, WindowState into)
    {
        into.Sum = into.Min = into.Max = into.Last = 0;
        if (stored.Sketch is null)
        {
            return "The window of a set has no registers.";
        }

        var bits = new BitReader(stored.Sketch);
        into.Elements.Read(ref bits, into.Count);
        return bits.AtEnd && into.Elements.Count > 0 ? null : "Bytes are left after the registers, or there are none.";
    }

    /// <summary>The totals follow from the values.</summary>
    private static string? ReadValues(StoredWindow stored, double[] values, WindowState into)
    {
        if (values.Length != stored.Count || !Array.TrueForAll(values, double.IsFinite))
        {
            return "There must be as many values as points, all of them finite.";
        }

        if (!Array.Exists(values, value => BitConverter.DoubleToInt64Bits(value) == BitConverter.DoubleToInt64Bits(stored.Last)))
        {
            return "The last value is none of the values.";
        }

        (into.Sum, into.Min, into.Max, into.Last) = (0, double.PositiveInfinity, double.NegativeInfinity, stored.Last);
        for (var i = 0; i < values.Length; i++)
        {
            into.Sketch.Add(values[i]);
            into.Sum = i == 0 ? values[i] : into.Sum + values[i];
            into.Min = i == 0 ? values[i] : Math.Min(into.Min, values[i]);
            into.Max = i == 0 ? values[i] : Math.Max(into.Max, values[i]);
        }

        return null;
    }

    private static string? ReadTotals(StoredWindow stored, WindowState into)
    {
        (into.Sum, into.Min, into.Max, into.Last) = (stored.Sum, stored.Min, stored.Max, stored.Last);
        if (!double.IsFinite(into.Min) || !double.IsFinite(into.Max) || !(into.Min <= into.Last && into.Last <= into.Max))
        {
            return "Least, last and greatest value must be finite and in this order.";
        }

        if (into.Count <= ExponentialHistogram.MaxRaw)
        {
            if (stored.Sketch is not null)
            {
                return $"A window of up to {ExponentialHistogram.MaxRaw} points must have its values.";
            }

            for (var i = 0; i < into.Count; i++)
            {
                into.Sketch.Add(into.Last);
            }

            WindowMerge.SetTotalsOfRaw(into);
            return null;
        }

        // Without a sketch all values are in one bucket: a bit says so.
        var bits = new BitReader(stored.Sketch ?? [0x80]);
        SketchBits.Read(ref bits, into, SketchReading.Full);
        return bits.AtEnd ? null : "Bytes are left after the sketch.";
    }

    private static DateTimeOffset Instant(long time) => DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(time, MetricAggregator.EarliestTime, MetricAggregator.LatestTime));
}
