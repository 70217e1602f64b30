using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using OrleansMetrics.Cli.CommandLine;
using OrleansMetrics.Cli.Csv;
using OrleansMetrics.Cli.Display;
using OrleansMetrics.Cli.NodeApi;

namespace OrleansMetrics.Cli.Import;

/// <summary>Sends windows, from lines of JSON or from CSV, to a node, some thousands of a metric at a time, and repeats what the node could not take. It can be run again: what is there is not imported twice.</summary>
internal sealed class WindowsImport(NodeClient node, string? metric, TimeSpan patience, TimeProvider time, TextWriter messages)
{
    private const long MaxBufferedBytes = 64 << 20;
    private const int MaxListed = 20;
    private static readonly TimeSpan ProgressPeriod = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, LineBatch> _batches = new(StringComparer.Ordinal);
    private long _buffered;
    private int _listed;
    private long _lines;

    public long Imported { get; private set; }

    public long AlreadyThere { get; private set; }

    public long Expired { get; private set; }

    public long Rejected { get; private set; }

    /// <summary>Sends everything.</summary>
    /// <exception cref="CliFailureException">The node does not take it.</exception>
    public async Task RunAsync(Stream input, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(input, new UTF8Encoding(false), detectEncodingFromByteOrderMarks: true, 1 << 16, leaveOpen: true);
        var reported = time.GetTimestamp();
        await foreach (var (number, line, problem) in ReadAsync(reader, cancellationToken))
        {
            _lines = number;
            if (line is null)
            {
                Rejected++;
                List(number, "malformed", problem!);
            }
            else if (TryRead(line, out var name, out var group))
            {
                await AddAsync(name, group, line, cancellationToken);
            }

            if (time.GetElapsedTime(reported) > ProgressPeriod)
            {
                reported = time.GetTimestamp();
                await messages.WriteLineAsync($"{_lines} lines read: {Totals}");
            }
        }

        await SendAllAsync(cancellationToken);
    }

    /// <summary>What became of the windows, for people.</summary>
    public string Totals => $"{Imported} windows imported, {AlreadyThere} already there, {Expired} older than what is kept, {Rejected} rejected";

    /// <summary>The windows of a file, by the number of their line: CSV when the first line is a header, else lines of JSON.</summary>
    private static async IAsyncEnumerable<(long Line, byte[]? Json, string? Problem)> ReadAsync(StreamReader reader, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var isFirst = true;
        for (var number = 1L; await reader.ReadLineAsync(cancellationToken) is { } text; number++)
        {
            if (string.IsNullOrWhiteSpace(text))
            {
                continue;
            }

            if (isFirst && CsvWindows.TryReadHeader(text) is { } header)
            {
                await foreach (var record in CsvWindows.ReadAsync(reader, header, number, cancellationToken))
                {
                    yield return record;
                }

                yield break;
            }

            isFirst = false;
            yield return (number, Encoding.UTF8.GetBytes(text), null);
        }
    }

    private async Task AddAsync(string name, string group, byte[] line, CancellationToken cancellationToken)
    {
        if (_batches.TryGetValue(name, out var batch) && batch.IsFullBefore(group))
        {
            await SendAsync(name, batch, cancellationToken);
            batch = null;
        }

        batch ??= _batches[name] = new LineBatch();
        _buffered -= batch.Bytes;
        batch.Add(line, _lines, group);
        _buffered += batch.Bytes;
        if (_buffered > MaxBufferedBytes)
        {
            await SendAllAsync(cancellationToken);
        }
    }

    private async Task SendAllAsync(CancellationToken cancellationToken)
    {
        foreach (var (name, batch) in _batches.ToList())
        {
            await SendAsync(name, batch, cancellationToken);
        }
    }

    private async Task SendAsync(string name, LineBatch batch, CancellationToken cancellationToken)
    {
        _batches.Remove(name);
        _buffered -= batch.Bytes;
        var started = time.GetTimestamp();
        for (var wait = TimeSpan.FromSeconds(0.5); ; wait = TimeSpan.FromTicks(Math.Min(2 * wait.Ticks, 10 * TimeSpan.TicksPerSecond)))
        {
            var outcome = await node.ImportAsync(new QueryPath("api", "metrics", name, "backup"), batch.Body, time, cancellationToken);
            if (outcome.Status is PostStatus.Accepted or PostStatus.PartlyRejected)
            {
                Add(outcome, batch);
                return;
            }

            if (outcome.Status == PostStatus.Refused || time.GetElapsedTime(started) > patience)
            {
                throw new CliFailureException($"{PlainText.Printable(name)}: {outcome.Detail}. So far: {Totals}. Run it again to go on.");
            }

            await Task.Delay(outcome.RetryAfter is { } asked && asked > wait ? asked : wait, time, cancellationToken);
        }
    }

    private void Add(ImportOutcome outcome, LineBatch batch)
    {
        Imported += outcome.Imported;
        AlreadyThere += outcome.AlreadyThere;
        Expired += outcome.Expired;
        Rejected += outcome.Rejected;
        foreach (var (line, reason, message) in outcome.Errors)
        {
            List(batch.NumberOf(line), reason, message);
        }
    }

    private bool TryRead(byte[] line, out string name, out string group)
    {
        (name, group) = ("", "");
        try
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            name = root.TryGetProperty("metric", out var named) ? named.GetString() ?? "" : metric ?? "";
            var start = root.TryGetProperty("start", out var at) ? at.ToString() : "";

            // Up to the hour of RFC 3339; of another form each window is a group.
            group = (root.TryGetProperty("tags", out var tags) ? tags.GetRawText() : "") + (at.ValueKind == JsonValueKind.String && start.Length > 13 ? start[..13] : start);
            if (name.Length > 0)
            {
                return true;
            }

            Rejected++;
            List(_lines, "no_metric", "The line names no metric, and --metric is not given.");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            Rejected++;
            List(_lines, "malformed", $"The line is no JSON object: {exception.Message}");
        }

        return false;
    }

    private void List(long line, string reason, string message)
    {
        if (_listed++ < MaxListed)
        {
            messages.WriteLine($"line {line}: {reason}: {PlainText.Printable(message)}");
        }
    }
}
