using OrleansMetrics.Streams.Batching;

namespace OrleansMetrics.Gateway.Protocols.Influx;

/// <summary>Takes measurement, tags and field name apart and resolves their escapes. Only for series that are not in the cache.</summary>
internal static class LineSeries
{
    /// <summary>The field whose metric is the measurement itself.</summary>
    private static ReadOnlySpan<byte> PlainField => "value"u8;

    /// <summary>Reads a series.</summary>
    /// <param name="line">Measurement and tags as written.</param>
    /// <param name="field">The field's name as written.</param>
    /// <param name="series">What they say.</param>
    /// <returns>Null, or what is wrong with the grammar.</returns>
    public static string? Read(ReadOnlySpan<byte> line, ReadOnlySpan<byte> field, ParsedSeries series)
    {
        Span<byte> small = stackalloc byte[512];
        var scratch = line.Length + field.Length <= small.Length ? small : new byte[line.Length + field.Length];
        var measurementEnd = IndexOfUnescaped(line, (byte)',');
        var measurement = Unescape(measurementEnd < 0 ? line : line[..measurementEnd], scratch);
        if (measurement.IsEmpty)
        {
            return "There is no measurement.";
        }

        if (field.SequenceEqual(PlainField))
        {
            series.Begin(measurement);
        }
        else
        {
            series.Begin(measurement, Unescape(field, scratch[measurement.Length..]));
        }

        while (measurementEnd >= 0)
        {
            line = line[(measurementEnd + 1)..];
            measurementEnd = IndexOfUnescaped(line, (byte)',');
            var tag = measurementEnd < 0 ? line : line[..measurementEnd];
            var nameEnd = IndexOfUnescaped(tag, (byte)'=');
            if (nameEnd < 0 || IndexOfUnescaped(tag[(nameEnd + 1)..], (byte)'=') >= 0)
            {
                return "A tag is not of the form name=value.";
            }

            var name = Unescape(tag[..nameEnd], scratch);
            series.AddTag(name, Unescape(tag[(nameEnd + 1)..], scratch[name.Length..]));
        }

        return null;
    }

    private static int IndexOfUnescaped(ReadOnlySpan<byte> text, byte separator)
    {
        var at = text.IndexOf(separator);
        while (at > 0 && text[at - 1] == '\\')
        {
            var next = text[(at + 1)..].IndexOf(separator);
            at = next < 0 ? -1 : at + 1 + next;
        }

        return at;
    }

    /// <summary>A backslash before a comma, an equals sign or a space goes; any other stays.</summary>
    private static ReadOnlySpan<byte> Unescape(ReadOnlySpan<byte> text, Span<byte> scratch)
    {
        if (!text.Contains((byte)'\\'))
        {
            return text;
        }

        var length = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 1 < text.Length && text[i + 1] is (byte)',' or (byte)'=' or (byte)' ')
            {
                i++;
            }

            scratch[length++] = text[i];
        }

        return scratch[..length];
    }
}
