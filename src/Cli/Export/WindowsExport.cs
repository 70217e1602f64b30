using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using OrleansMetrics.Cli.NodeApi;

namespace OrleansMetrics.Cli.Export;

/// <summary>
/// Reads windows metric by metric, day by day, a page of series at a time, so that neither side holds much of it. Every length of windows in history divides a
/// day, so that no window lies in two days.
/// </summary>
internal sealed class WindowsExport(string? match, KeyValuePair<string, string>[] tags, DateTimeOffset from, DateTimeOffset to, TimeSpan step, string? members) : MetricExport(match)
{
    private const int SeriesPerPage = 50;
    private const int MaxWindowsPerSeries = 10_000;
    private static readonly TimeSpan[] Parts = [TimeSpan.FromDays(1), TimeSpan.FromHours(1), TimeSpan.FromMinutes(1)];

    private static readonly JsonWriterOptions Format = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Why this cannot be asked for; null when it can.</summary>
    public string? Contradiction =>
        to <= from ? "--to must be after --from."
        : step.Ticks % TimeSpan.TicksPerSecond != 0 || Parts[0].Ticks % step.Ticks != 0 ? $"--step: {step} is not whole seconds that divide a day."
        : null;

    /// <inheritdoc />
    protected override async Task WriteAsync(NodeClient node, CatalogueEntry metric, IWindowsOutput output, CancellationToken cancellationToken)
    {
        var own = MembersOf(metric.Kind);
        foreach (var (start, end) in own is "" ? [] : PartsOf(from, to, step))
        {
            await WriteAsync(node, metric.Name, own, start, end, output, cancellationToken);
        }
    }

    /// <summary>A range in pieces of a day, or less when a day has too many steps, cut where all lengths of windows are.</summary>
    internal static IEnumerable<(DateTimeOffset From, DateTimeOffset To)> PartsOf(DateTimeOffset from, DateTimeOffset to, TimeSpan step)
    {
        var part = Array.Find(Parts, part => part.Ticks <= step.Ticks * MaxWindowsPerSeries);
        for (var at = from; at < to;)
        {
            var next = new DateTimeOffset(((at.UtcTicks / part.Ticks) + 1) * part.Ticks, TimeSpan.Zero);
            yield return (at, next < to ? next : to);
            at = next;
        }
    }

    /// <summary>Those of the members asked for that windows of a kind have; null: all. Asking for another is an error of the query.</summary>
    internal string? MembersOf(string kind) => members is null ? null : string.Join(
        ',',
        members.Split(',').Where(member => member switch
        {
            "count" or "revision" => true,
            "distinct" => kind == "set",
            "rate" => kind is "counter" or "cumulative_counter",
            _ => kind != "set",
        }));

    private async Task WriteAsync(NodeClient node, string metric, string? own, DateTimeOffset start, DateTimeOffset end, IWindowsOutput output, CancellationToken cancellationToken)
    {
        string? after = null;
        do
        {
            var path = new QueryPath("api", "metrics", metric, "windows").WithTags(tags).With("from", start).With("to", end)
                .With("step", string.Create(CultureInfo.InvariantCulture, $"{step.TotalSeconds:0}s")).With("agg", own).With("limit", SeriesPerPage).With("after", after);
            using var answer = await node.GetDocumentAsync(path, cancellationToken);
            if (answer is null)
            {
                // Forgotten since it was listed.
                return;
            }

            await output.WriteAsync(Lines(answer.RootElement), cancellationToken);
            after = answer.RootElement.GetProperty("next").GetString();
        }
        while (after is not null);
    }

    private string Lines(JsonElement answer)
    {
        var buffer = new ArrayBufferWriter<byte>(1 << 16);
        using var line = new Utf8JsonWriter(buffer, Format);
        foreach (var series in answer.GetProperty("series").EnumerateArray())
        {
            foreach (var window in series.GetProperty("windows").EnumerateArray())
            {
                line.Reset();
                line.WriteStartObject();
                line.WriteString("metric"u8, answer.GetProperty("metric").GetString());
                line.WriteString("kind"u8, answer.GetProperty("kind").GetString());
                line.WritePropertyName("tags"u8);
                series.GetProperty("tags").WriteTo(line);
                foreach (var member in window.EnumerateObject())
                {
                    member.WriteTo(line);
                }

                line.WriteEndObject();
                line.Flush();
                buffer.Write("\n"u8);
                Windows++;
            }
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
