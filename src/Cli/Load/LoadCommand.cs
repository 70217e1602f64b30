using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using OrleansMetrics.Cli.CommandLine;
using OrleansMetrics.Cli.Display;

namespace OrleansMetrics.Cli.Load;

/// <summary><c>load</c>: a synthetic load, measured on both sides.</summary>
internal sealed class LoadCommand
{
    /// <summary>Bodies are held in memory; a line has about 80 bytes.</summary>
    private const long MaxBodyLines = 8_000_000;
    private const int MaxPrefixLength = 200;
    private const long DefaultPoints = 1_000_000;

    private readonly Option<long> _points = ArgumentValues.NumberOption(
        "--points", "Points to send. With --duration and without --points the duration alone ends the load.", DefaultPoints, 1, long.MaxValue - 1);
    private readonly Option<long> _lines = ArgumentValues.NumberOption("--lines-per-request", "Lines in a request: a point each.", 5_000, 1, 200_000);
    private readonly Option<long> _connections = ArgumentValues.NumberOption("--connections", "Connections, each with one request under way.", 4, 1, 1_024);
    private readonly Option<long> _metrics = ArgumentValues.NumberOption("--metrics", "Distinct metrics.", 20, 1, 1_000_000);
    private readonly Option<long> _series = ArgumentValues.NumberOption("--series", "Series of each metric.", 1_000, 1, 10_000_000);
    private readonly Option<long> _values = ArgumentValues.NumberOption(
        "--values", $"Values that each series takes in turn, as long as the bodies stay below {LoadOptions.MaxVariedLines} lines.", 4, 1, 10_000);
    private readonly Option<long> _rate = ArgumentValues.NumberOption("--rate", "Points per second over all connections; 0: as fast as possible.", 0, 0, 1_000_000_000);
    private readonly Option<TimeSpan> _duration = ArgumentValues.DurationOption("--duration", "Send no new request after this; 0s: no limit.", TimeSpan.Zero, TimeSpan.Zero);
    private readonly Option<bool> _gzip = new("--gzip") { Description = "Send compressed bodies, compressed beforehand; implies --timestamps none." };
    private readonly Option<string?> _timestamps = new("--timestamps") { Description = "now: the time of sending in each line (default); none: no timestamps.", HelpName = "now|none" };
    private readonly Option<long> _pid = ArgumentValues.NumberOption(
        "--pid", "The node's process, to measure its CPU; 0: found by its port if it is local.", 0, 0, int.MaxValue);
    private readonly Option<bool> _verify = new("--verify") { Description = "Afterwards compare the totals of every series with what was acknowledged." };
    private readonly Option<TimeSpan> _settle = ArgumentValues.DurationOption(
        "--settle", "How long the node may take to process what it accepted.", TimeSpan.FromMinutes(1), TimeSpan.Zero);
    private readonly Option<long> _seed = ArgumentValues.NumberOption("--seed", "The same seed sends the same values.", 1, 0, long.MaxValue);
    private readonly Option<string?> _prefix = new("--prefix") { Description = "Beginning of every metric's name; with --verify a fresh one by default.", HelpName = "NAME" };
    private readonly Option<bool> _withoutKeys = new("--without-keys")
    {
        Description = "Send no Idempotency-Key. With keys a request whose answer is lost is repeated, and counted once.",
    };
    private readonly Option<bool> _json = new("--json") { Description = "Print the report as JSON and nothing else." };
    private readonly CliServices _services;

    private LoadCommand(CliServices services)
    {
        _services = services;
        _timestamps.AcceptOnlyFromAmong("now", "none");
    }

    public static CommandDefinition Define(CliServices services, NodeOption node)
    {
        var load = new LoadCommand(services);
        var command = new Command("load", "Sends a synthetic load from pre-built bodies and reports speed, latency and CPU per point.")
        {
            load._points, load._lines, load._connections, load._metrics, load._series, load._values, load._rate, load._duration, load._gzip, load._timestamps,
            load._pid, load._verify, load._settle, load._seed, load._prefix, load._withoutKeys, load._json,
        };
        command.SetAction(async (arguments, cancellationToken) =>
        {
            using var client = node.Connect(arguments);
            if (load.Contradiction(arguments) is { } contradiction)
            {
                throw new CliFailureException(contradiction, ExitCode.Usage);
            }
            return await load.RunAsync(client, load.Read(arguments), cancellationToken);
        });
        return new CommandDefinition(command,
        [
            "load", "load --points 1000000 --verify", "load --rate 100000 --duration 5m --connections 8",
            "load --metrics 2000 --series 50 --lines-per-request 1000 --json",
        ]);
    }

    private string? Contradiction(ParseResult arguments)
    {
        if (arguments.GetValue(_gzip) && arguments.GetValue(_timestamps) == "now")
        {
            return "--gzip: compressed bodies are built beforehand and cannot carry the time of sending; use --timestamps none.";
        }
        if (arguments.GetValue(_prefix) is { } prefix && (prefix.Length is 0 or > MaxPrefixLength || !prefix.All(IsNameCharacter)))
        {
            return $"--prefix: '{prefix}' is not 1 to {MaxPrefixLength} letters, digits, '_', '.' or '-'.";
        }
        var distinctLines = arguments.GetValue(_metrics) * arguments.GetValue(_series);
        var inMemory = IsEndless(arguments) || arguments.GetValue(_verify) ? distinctLines : Math.Min(distinctLines, arguments.GetValue(_points));
        if (inMemory > MaxBodyLines)
        {
            return $"--metrics times --series is too many: bodies for at most {MaxBodyLines} series are kept in memory.";
        }
        return arguments.GetValue(_lines) * arguments.GetValue(_connections) > MaxBodyLines
            ? $"--lines-per-request times --connections is too many: at most {MaxBodyLines} lines are kept in memory."
            : null;
    }

    private static bool IsNameCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-';

    private bool IsEndless(ParseResult arguments) =>
        arguments.GetValue(_duration) > TimeSpan.Zero && arguments.GetResult(_points) is null or { Implicit: true };

    private LoadOptions Read(ParseResult arguments)
    {
        var endless = IsEndless(arguments);
        var gzip = arguments.GetValue(_gzip);
        var verify = arguments.GetValue(_verify);
        return new LoadOptions
        {
            Points = endless ? long.MaxValue : arguments.GetValue(_points),
            LinesPerRequest = (int)arguments.GetValue(_lines),
            Connections = (int)arguments.GetValue(_connections),
            Metrics = (int)arguments.GetValue(_metrics),
            Series = (int)arguments.GetValue(_series),
            Values = (int)arguments.GetValue(_values),
            Rate = arguments.GetValue(_rate),
            Duration = arguments.GetValue(_duration),
            Gzip = gzip,
            Timestamps = gzip || arguments.GetValue(_timestamps) == "none" ? TimestampMode.None : TimestampMode.Now,
            Pid = arguments.GetValue(_pid) is > 0 and var pid ? (int)pid : null,
            Verify = verify,
            SettleTime = arguments.GetValue(_settle),
            Seed = (ulong)arguments.GetValue(_seed),
            Prefix = arguments.GetValue(_prefix)
                ?? (verify ? "load" + _services.Time.GetUtcNow().ToUnixTimeMilliseconds().ToString("x", CultureInfo.InvariantCulture) : "load"),
            KeyPrefix = arguments.GetValue(_withoutKeys)
                ? null
                : string.Create(CultureInfo.InvariantCulture, $"load-{Environment.ProcessId}-{_services.Time.GetUtcNow().UtcTicks:x}-"),
            Json = arguments.GetValue(_json),
        };
    }

    private async Task<int> RunAsync(NodeApi.NodeClient client, LoadOptions options, CancellationToken cancellationToken)
    {
        var run = LoadRun.Prepare(client, options, _services.Time, cancellationToken);
        var report = await run.RunAsync(ended => LoadProgress.ShowAsync(_services, options, run, ended), cancellationToken);
        if (options.Json)
        {
            await _services.Output.WriteLineAsync(JsonSerializer.Serialize(report, LoadJsonContext.Default.LoadReport));
        }
        else
        {
            _services.Console.Write(LoadReportTable.Render(report, _services.Interactive));
            foreach (var example in report.Verification?.Examples ?? [])
            {
                await _services.Output.WriteLineAsync("differs: " + PlainText.Printable(example));
            }
        }
        return report.Ok ? ExitCode.Ok : throw new CliFailureException(Reason(report));
    }

    private static string Reason(LoadReport report)
    {
        if (report.Interrupted)
        {
            return "the load was interrupted";
        }
        if (report.PointsSent != report.PointsAccepted || report.FirstError is not null || report.PointsSent == 0)
        {
            return $"{report.PointsSent - report.PointsAccepted} of {report.PointsSent} points were not accepted: {report.FirstError ?? "nothing was sent"}";
        }
        if (report.VerificationFailure is { } failure)
        {
            return $"not verified: {failure}";
        }
        var late = report.PointsLate > 0 ? $"; {report.PointsLate} points came late, repeated after a long absence of the node: --timestamps none avoids that" : "";
        return $"{report.Verification?.Differences ?? 0} series differ from what was acknowledged{late}";
    }
}
