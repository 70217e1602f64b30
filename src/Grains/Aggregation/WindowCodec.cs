namespace OrleansMetrics.Grains.Aggregation;

/// <summary>The bytes of a window, in memory (final windows) and in snapshots: docs/formats/snapshot.md, "Window".</summary>
internal static class WindowCodec
{
    private const int MaxHeaderLength = (4 * ByteWriter.MaxVarintLength) + 1;

    /// <summary>Longest form of a window whose values are kept one by one.</summary>
    private const int MaxLengthOfValues = MaxHeaderLength + (Window.MaxValues * sizeof(double));

    public static int MaxLength(Window window) =>
        window.Sketch is { } sketch ? MaxHeaderLength + (2 * sizeof(double)) + sketch.MaxEncodedLength : MaxLengthOfValues;

    public static int Write(Window window, Span<byte> destination)
    {
        var writer = new ByteWriter(destination);
        var sketched = window.Sketch is not null;
        writer.WriteVarint(((ulong)window.Totals.Count << 1) | (sketched ? 1u : 0u));
        writer.WriteVarint((ulong)window.Size);
        writer.WriteZigzag(window.Start / window.Size);
        writer.WriteVarint((ulong)(window.LastAt - window.Start));
        if (window.Sketch is { } sketch)
        {
            writer.WriteDouble(window.Totals.Sum);
            writer.WriteDouble(window.Last);
            return writer.Length + sketch.Encode(destination[writer.Length..]);
        }

        if (window.Totals.Count > 1)
        {
            writer.WriteByte((byte)PlaceOfLast(window));
        }

        foreach (var value in window.Values)
        {
            writer.WriteDouble(value);
        }

        return writer.Length;
    }

    /// <summary>Reads a window that fills the bytes.</summary>
    /// <exception cref="InvalidDataException">It does not, or they are no window.</exception>
    public static void Read(ReadOnlySpan<byte> source, Window window)
    {
        var reader = new ByteReader(source);
        var count = ReadHeader(ref reader, window, out var sketched);
        if (sketched)
        {
            var sum = reader.ReadDouble("window sum");
            window.Last = reader.ReadDouble("window last value");
            var rest = reader.ReadBytes(reader.Remaining, "window sketch");
            var sketch = window.UseOwnSketch();
            if (sketch.Decode(rest) != rest.Length || sketch.Count != count)
            {
                throw new InvalidDataException($"the sketch of a window of {count} points holds {sketch.Count}, or bytes are left after it");
            }

            window.Totals = new Totals { Count = count, Sum = sum, Min = sketch.Min, Max = sketch.Max };
            return;
        }

        if (count is < 1 or > Window.MaxValues)
        {
            throw new InvalidDataException($"a window keeps {count} values one by one");
        }

        var last = count == 1 ? 0 : reader.ReadByte("place of the last value");
        window.Sketch = null;
        window.Totals = new Totals { Count = count };
        var values = window.Values;
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = reader.ReadDouble("window value");
        }

        if (last >= values.Length || reader.Remaining > 0)
        {
            throw new InvalidDataException("a window has no such last value, or bytes are left after its values");
        }

        window.Last = values[last];
        window.Totals = Sum(values);
    }

    private static long ReadHeader(ref ByteReader reader, Window window, out bool sketched)
    {
        var head = reader.ReadPositive("window count");
        sketched = (head & 1) != 0;
        var size = reader.ReadPositive("window size");
        var ordinal = reader.ReadZigzag("window start");
        var offset = reader.ReadPositive("window last update");
        if (size is < 1 or > EventTime.MaxDuration || offset >= size || ordinal < (EventTime.Min / size) - 1 || ordinal > EventTime.Max / size)
        {
            throw new InvalidDataException($"a window has size {size}, ordinal {ordinal} and last update after {offset} ms");
        }

        window.Size = size;
        window.Start = ordinal * size;
        window.LastAt = window.Start + offset;
        return head >> 1;
    }

    /// <summary>Totals of values in order, exactly as adding them one by one gave them.</summary>
    private static Totals Sum(ReadOnlySpan<double> values)
    {
        var totals = new Totals { Count = values.Length, Sum = values[0], Min = values[0], Max = values[0] };
        foreach (var value in values[1..])
        {
            totals.Sum += value;
            totals.Min = value < totals.Min ? value : totals.Min;
            totals.Max = value > totals.Max ? value : totals.Max;
        }

        return totals;
    }

    private static int PlaceOfLast(Window window)
    {
        var bits = BitConverter.DoubleToInt64Bits(window.Last);
        var values = window.Values;
        var place = 0;
        while (BitConverter.DoubleToInt64Bits(values[place]) != bits)
        {
            place++;
        }

        return place;
    }
}
