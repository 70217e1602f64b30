using System.Globalization;
using System.Text.Json;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Gateway.Queries;

namespace OrleansMetrics.Gateway.Backup;

/// <summary>Writes a window with all that history keeps of it: docs/formats/export.md.</summary>
internal static class StoredWindowJson
{
    /// <summary>Writes an object.</summary>
    public static void Write(Utf8JsonWriter json, string metric, MetricKind kind, Tag[] tags, StoredWindow window)
    {
        json.WriteStartObject();
        json.WriteString("metric"u8, metric);
        json.WriteString("kind"u8, kind.Name());
        json.WriteStartObject("tags"u8);
        foreach (var tag in tags)
        {
            json.WriteString(tag.Name, tag.Value);
        }

        json.WriteEndObject();
        WriteInstant(json, "start"u8, window.Start);
        WriteInstant(json, "end"u8, window.End);
        json.WriteNumber("count"u8, window.Count);
        if (kind != MetricKind.Set)
        {
            WriteSum(json, window.Sum);
            json.WriteNumber("min"u8, window.Min);
            json.WriteNumber("max"u8, window.Max);
            json.WriteNumber("last"u8, window.Last);
        }

        WriteInstant(json, "lastUpdated"u8, window.LastUpdated);
        if (window.Revision > 0)
        {
            json.WriteNumber("revision"u8, window.Revision);
        }

        if (window.Values is { } values)
        {
            json.WriteStartArray("values"u8);
            foreach (var value in values)
            {
                json.WriteNumberValue(value);
            }

            json.WriteEndArray();
        }

        if (window.Sketch is { } sketch)
        {
            json.WriteBase64String("sketch"u8, sketch);
        }

        json.WriteEndObject();
    }

    /// <summary>A sum beyond the range of a double is a text.</summary>
    private static void WriteSum(Utf8JsonWriter json, double sum)
    {
        if (double.IsFinite(sum))
        {
            json.WriteNumber("sum"u8, sum);
        }
        else
        {
            json.WriteString("sum"u8, sum.ToString(CultureInfo.InvariantCulture));
        }
    }

    private static void WriteInstant(Utf8JsonWriter json, ReadOnlySpan<byte> name, DateTimeOffset instant)
    {
        Span<byte> text = stackalloc byte[32];
        instant.UtcDateTime.TryFormat(text, out var length, AggregatesJson.InstantFormat, CultureInfo.InvariantCulture);
        json.WriteString(name, text[..length]);
    }
}
