using System.Globalization;
using System.Text.Json;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Windows;

namespace OrleansMetrics.Gateway.Queries;

/// <summary>The JSON of series and windows. A number that JSON cannot hold (a sum beyond the range of a double) is written as null.</summary>
internal static class AggregatesJson
{
    /// <summary>UTC, RFC 3339.</summary>
    public const string InstantFormat = "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'";

    private const int MaxNumberBytes = 32;

    /// <summary>Writes one series.</summary>
    /// <param name="json">Stands inside the array of series.</param>
    /// <param name="series">The series.</param>
    /// <param name="kind">What the metric is.</param>
    public static void WriteSeries(Utf8JsonWriter json, SeriesAggregates series, MetricKind kind)
    {
        json.WriteStartObject();
        WriteTags(json, series.Tags);
        WriteTotal(json, series.Total, kind);
        json.WriteStartArray("windows"u8);
        foreach (var window in series.Windows)
        {
            WriteWindow(json, window, kind);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Writes the tags of a series.</summary>
    public static void WriteTags(Utf8JsonWriter json, IEnumerable<Tag> tags)
    {
        json.WriteStartObject("tags"u8);
        foreach (var tag in tags)
        {
            json.WriteString(tag.Name, tag.Value);
        }

        json.WriteEndObject();
    }

    private static void WriteWindowHead(Utf8JsonWriter json, WindowAggregate window)
    {
        json.WriteStartObject();
        WriteInstant(json, "start"u8, window.Start);
        WriteInstant(json, "end"u8, window.End);
        json.WriteBoolean("final"u8, window.Final);
    }

    private static void WriteTotal(Utf8JsonWriter json, SeriesTotal total, MetricKind kind)
    {
        json.WriteStartObject("total"u8);
        json.WriteNumber("count"u8, total.Count);
        if (kind != MetricKind.Set)
        {
            WriteDouble(json, "sum"u8, total.Sum);
            WriteDouble(json, "min"u8, total.Min);
            WriteDouble(json, "max"u8, total.Max);
        }

        json.WriteEndObject();
    }

    private static void WriteWindow(Utf8JsonWriter json, WindowAggregate window, MetricKind kind)
    {
        WriteWindowHead(json, window);
        json.WriteNumber("count"u8, window.Count);
        if (kind == MetricKind.Set)
        {
            WriteDouble(json, "distinct"u8, window.Distinct ?? double.NaN);
            WriteInstant(json, "lastUpdated"u8, window.LastUpdated);
            EndWindow(json, window);
            return;
        }

        WriteDouble(json, "sum"u8, window.Sum);
        WriteDouble(json, "min"u8, window.Min);
        WriteDouble(json, "max"u8, window.Max);
        WriteDouble(json, "mean"u8, window.Mean);
        WriteDouble(json, "last"u8, window.Last);
        if (kind.IsCounter())
        {
            WriteDouble(json, "rate"u8, window.Rate);
        }

        WriteInstant(json, "lastUpdated"u8, window.LastUpdated);
        json.WriteStartObject("quantiles"u8);
        Span<byte> name = stackalloc byte[MaxNumberBytes];
        foreach (var quantile in window.Quantiles)
        {
            quantile.Probability.TryFormat(name, out var length, default, CultureInfo.InvariantCulture);
            WriteDouble(json, name[..length], quantile.Value);
        }

        json.WriteEndObject();
        EndWindow(json, window);
    }

    private static void EndWindow(Utf8JsonWriter json, WindowAggregate window)
    {
        if (window.Revision > 0)
        {
            json.WriteNumber("revision"u8, window.Revision);
        }

        json.WriteEndObject();
    }

    private static void WriteInstant(Utf8JsonWriter json, ReadOnlySpan<byte> name, DateTimeOffset instant)
    {
        Span<byte> text = stackalloc byte[MaxNumberBytes];
        instant.UtcDateTime.TryFormat(text, out var length, InstantFormat, CultureInfo.InvariantCulture);
        json.WriteString(name, text[..length]);
    }

    private static void WriteDouble(Utf8JsonWriter json, ReadOnlySpan<byte> name, double value)
    {
        if (double.IsFinite(value))
        {
            json.WriteNumber(name, value);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
