using System.Text.Json;
using OrleansMetrics.Streams.Batching;

namespace OrleansMetrics.Gateway.Protocols.Json;

/// <summary>Reads metric and tags of a point as JSON writes them. Only for series that are not in the cache.</summary>
internal static class JsonSeries
{
    /// <summary>Reads a series.</summary>
    /// <param name="metric">The metric's name with its quotes.</param>
    /// <param name="tags">The object of the tags, or nothing.</param>
    /// <param name="series">What they say.</param>
    /// <param name="error">What is wrong, when the answer is a reason.</param>
    /// <returns>Null, or why the series is refused.</returns>
    public static RejectReason? Read(ReadOnlySpan<byte> metric, ReadOnlySpan<byte> tags, ParsedSeries series, out string error)
    {
        error = RejectReason.InvalidName.Message();
        var scratch = new byte[Math.Max(metric.Length, tags.Length)];
        var reader = new Utf8JsonReader(metric);
        reader.Read();
        if (!TryText(ref reader, scratch, out var name))
        {
            return RejectReason.InvalidName;
        }

        series.Begin(name);
        if (tags.IsEmpty)
        {
            return null;
        }

        reader = new Utf8JsonReader(tags);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (!TryText(ref reader, scratch, out var tag))
            {
                return RejectReason.InvalidName;
            }

            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
            {
                error = "A tag's value is not a string.";
                return RejectReason.Malformed;
            }

            if (!TryText(ref reader, scratch.AsSpan(tag.Length), out var value))
            {
                return RejectReason.InvalidName;
            }

            series.AddTag(tag, value);
        }

        return null;
    }

    private static bool TryText(ref Utf8JsonReader reader, Span<byte> scratch, out ReadOnlySpan<byte> text)
    {
        text = reader.ValueSpan;
        if (!reader.ValueIsEscaped)
        {
            return true;
        }

        var valid = JsonText.TryUnescape(ref reader, scratch, out var length);
        text = scratch[..length];
        return valid;
    }
}
