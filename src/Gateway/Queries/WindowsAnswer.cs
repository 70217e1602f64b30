using System.Buffers;
using System.IO.Pipelines;
using System.Globalization;
using System.Text;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Windows;

namespace OrleansMetrics.Gateway.Queries;

/// <summary>The answer to a query of a range, written while its series are read.</summary>
internal sealed class WindowsAnswer(MetricAggregates metric, RangeQuery query, WindowMembers members, int limit, IAsyncEnumerator<SeriesRange> series)
{
    private bool _hasCurrent;

    /// <summary>Reads the first series. To be called once, before anything is written.</summary>
    public async Task ReadFirstAsync() => _hasCurrent = await series.MoveNextAsync();

    /// <summary>Writes JSON.</summary>
    public async Task WriteJsonAsync(JsonStream stream, CancellationToken cancellationToken)
    {
        await using var reading = series;
        var json = stream.Writer;
        json.WriteStartObject();
        json.WriteString("metric"u8, metric.Metric);
        json.WriteString("kind"u8, metric.Kind.Name());
        json.WriteNumber("step"u8, query.Step.TotalSeconds);
        json.WriteStartArray("series"u8);
        string? last = null;
        WindowRows? rows = null;
        for (var written = 0; _hasCurrent && written < limit; written++)
        {
            last = series.Current.Cursor;
            var windows = series.Current.Windows;
            rows ??= WindowRows.Json(members.Named, metric.Kind, windows.Probabilities);
            json.WriteStartObject();
            AggregatesJson.WriteTags(json, series.Current.Tags);
            json.WriteStartArray("windows"u8);
            await stream.WriteElementsAsync(windows.Count, (pipe, first) => rows.Write(pipe, windows, first), cancellationToken);
            json.WriteEndArray();
            json.WriteEndObject();
            await stream.FlushWhenLargeAsync(cancellationToken);
            _hasCurrent = await series.MoveNextAsync();
        }

        json.WriteEndArray();
        json.WriteString("next"u8, _hasCurrent ? last : null);
        json.WriteEndObject();
    }

    /// <summary>Writes a line per window.</summary>
    public async Task WriteCsvAsync(PipeWriter output, Func<CancellationToken, ValueTask> flush, CancellationToken cancellationToken)
    {
        await using var reading = series;
        var line = new StringBuilder("series,start,end,final");
        WindowMember[] columns = members.Named ??
        [
            .. WindowMember.Of(metric.Kind),
            .. _hasCurrent && metric.Kind != MetricKind.Set ? series.Current.Windows.Probabilities.ToArray().Select(WindowMember.Quantile) : [],
        ];
        foreach (var column in columns)
        {
            line.Append(',').Append(column.Name);
        }

        Write(output, line.Append("\r\n"));
        for (var written = 0; _hasCurrent && written < limit; written++)
        {
            var tags = Quote(SeriesText.Write(series.Current.Tags.Select(static tag => (tag.Name, tag.Value))));
            var windows = series.Current.Windows;
            var rows = WindowRows.Csv(tags, columns);
            for (var next = 0; next < windows.Count;)
            {
                next = rows.Write(output, windows, next);
                await flush(cancellationToken);
            }

            _hasCurrent = await series.MoveNextAsync();
        }
    }

    /// <summary>RFC 4180; always quoted, so that a spreadsheet takes it for text.</summary>
    private static string Quote(string text) => $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static void Write(IBufferWriter<byte> output, StringBuilder line)
    {
        foreach (var part in line.GetChunks())
        {
            Encoding.UTF8.GetBytes(part.Span, output);
        }
    }
}
