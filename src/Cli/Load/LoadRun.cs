using OrleansMetrics.Cli.CommandLine;
using OrleansMetrics.Cli.NodeApi;

namespace OrleansMetrics.Cli.Load;

/// <summary>One load from the first request to the report.</summary>
internal sealed class LoadRun
{
    /// <summary>How long requests under way may take after the load was stopped.</summary>
    private static readonly TimeSpan GraceTime = TimeSpan.FromSeconds(10);

    private readonly NodeClient _node;
    private readonly LoadOptions _options;
    private readonly TimeProvider _time;
    private readonly LoadPattern _pattern;
    private readonly LoadBodies _bodies;
    private long _start;
    private LoadConnection[] _connections = [];

    private LoadRun(NodeClient node, LoadOptions options, TimeProvider time, LoadPattern pattern, LoadBodies bodies)
    {
        _node = node;
        _options = options;
        _time = time;
        _pattern = pattern;
        _bodies = bodies;
    }

    /// <summary>Builds the bodies; nothing is sent yet.</summary>
    public static LoadRun Prepare(NodeClient node, LoadOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        var pattern = new LoadPattern(options);
        return new LoadRun(node, options, time, pattern, LoadBodies.Build(options, pattern, cancellationToken));
    }

    /// <summary>Time since the first request.</summary>
    public TimeSpan Elapsed => _start == 0 ? TimeSpan.Zero : _time.GetElapsedTime(_start);

    /// <summary>Points of requests that have ended.</summary>
    public long PointsSent => _connections.Sum(connection => connection.Counters.Sent);

    /// <summary>Sends everything, waits for the node to process it, compares if asked to.</summary>
    /// <param name="whileSending">Runs beside the sending, until its token is cancelled; called before the first request.</param>
    /// <param name="cancellationToken">Stops the sending; the report tells of what was sent.</param>
    public async Task<LoadReport> RunAsync(Func<CancellationToken, Task> whileSending, CancellationToken cancellationToken)
    {
        var verifier = new LoadVerifier(_node, _options, _pattern, _bodies);
        if (_options.Verify)
        {
            await verifier.RequireUnusedPrefixAsync(cancellationToken);
        }
        var pid = _options.Pid ?? ListenerProcess.Find(_node.Address);
        var ledgerBefore = await LedgerBeforeAsync(cancellationToken);
        var serverBefore = pid is { } known ? _options.Pid is null ? ProcessUse.Read(known) : ProcessUse.Require(known) : null;

        var (elapsed, loaderCpu) = await SendAsync(whileSending, cancellationToken);

        var interrupted = cancellationToken.IsCancellationRequested;
        var sum = LoadCounters.Sum(_connections.Select(connection => connection.Counters));
        // After Ctrl-C the report still comes, but without waiting for the node.
        var unsettled = interrupted ? "the load was interrupted"
            : ledgerBefore is { } before ? await Settling.WaitAsync(_node, before.Accepted + sum.Accepted, _options.SettleTime, _time, cancellationToken)
            : "the server has no statistics";
        var report = Describe(sum, elapsed, loaderCpu, interrupted) with
        {
            SecondsToProcessed = unsettled is null ? Elapsed.TotalSeconds : null,
            PointsLate = unsettled is null && ledgerBefore is { } earlier ? await LateSinceAsync(earlier, cancellationToken) : 0,
            Server = DescribeServer(pid, serverBefore, sum.Accepted, unsettled is null),
        };
        return _options.Verify ? await VerifyAsync(verifier, report, unsettled, cancellationToken) : report;
    }

    private static async Task<LoadReport> VerifyAsync(
        LoadVerifier verifier, LoadReport report, string? unsettled, CancellationToken cancellationToken)
    {
        if (unsettled is not null)
        {
            return report with { VerificationFailure = unsettled, Ok = false };
        }
        try
        {
            var verification = await verifier.CompareAsync(cancellationToken);
            return report with { Verification = verification, Ok = report.Ok && verification.Differences == 0 };
        }
        catch (CliFailureException failure)
        {
            return report with { VerificationFailure = failure.Message, Ok = false };
        }
    }

    private async Task<(TimeSpan Elapsed, TimeSpan LoaderCpu)> SendAsync(Func<CancellationToken, Task> whileSending, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var abort = new CancellationTokenSource();
        using var ended = new CancellationTokenSource();
        await using var afterStop = stop.Token.Register(() => abort.CancelAfter(GraceTime));
        using var transport = new LoadTransport(_node.Address, _options, _time);
        var pacer = new Pacer(_time, _options.Rate);
        _connections = [.. Enumerable.Range(0, _options.Connections)
            .Select(number => new LoadConnection(number, _options, _bodies, transport, pacer, _time))];
        // The display comes first: what it costs to compile must not count as the loader's.
        var display = whileSending(ended.Token);
        GC.Collect();
        var cpuBefore = Environment.CpuUsage.TotalTime;
        _start = _time.GetTimestamp();
        if (_options.Duration > TimeSpan.Zero)
        {
            stop.CancelAfter(_options.Duration);
        }
        try
        {
            await Task.WhenAll(_connections.Select(connection => Task.Run(() => connection.RunAsync(stop.Token, abort.Token), CancellationToken.None)));
        }
        finally
        {
            await ended.CancelAsync();
        }
        var used = (Elapsed, Environment.CpuUsage.TotalTime - cpuBefore);
        await display;
        return used;
    }

    /// <summary>
    /// A server without statistics can be loaded too, but then nobody knows when it is done. One that is not there at all fails the load at once.
    /// </summary>
    private async Task<Ledger?> LedgerBeforeAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await _node.GetStatsAsync(cancellationToken)).Cluster;
        }
        catch (CliFailureException failure) when (!_options.Verify && failure.InnerException is not HttpRequestException)
        {
            return null;
        }
    }

    private async Task<long> LateSinceAsync(Ledger before, CancellationToken cancellationToken)
    {
        try
        {
            return (await _node.GetStatsAsync(cancellationToken)).Cluster.Late - before.Late;
        }
        catch (CliFailureException)
        {
            // A hint only: the node answered a moment ago, and the report is worth more.
            return 0;
        }
    }

    private LoadReport Describe(LoadCounters sum, TimeSpan elapsed, TimeSpan loaderCpu, bool interrupted) => new()
    {
        Node = _node.Address.ToString(),
        Prefix = _options.Prefix,
        Seed = _options.Seed,
        Connections = _options.Connections,
        Series = _options.TotalSeries,
        Requests = sum.Requests,
        PointsSent = sum.Sent,
        PointsAccepted = sum.Accepted,
        PointErrors = sum.Errors,
        PointsUncertain = sum.Uncertain,
        Retries = sum.Retries,
        Replays = sum.Replays,
        BodyBytes = sum.Bytes,
        Seconds = elapsed.TotalSeconds,
        PointsPerSecond = sum.Accepted / Math.Max(elapsed.TotalSeconds, 1e-9),
        LatencyMilliseconds = new LatencyReport(
            sum.Latency.Quantile(0.5).TotalMilliseconds, sum.Latency.Quantile(0.9).TotalMilliseconds,
            sum.Latency.Quantile(0.99).TotalMilliseconds, sum.Latency.Max.TotalMilliseconds),
        LoaderCpuNanosecondsPerPoint = PerPoint(loaderCpu, sum.Sent),
        Interrupted = interrupted,
        FirstError = sum.FirstError,
        Ok = !interrupted && sum.Sent == sum.Accepted && sum.Sent > 0 && (_options.Points == long.MaxValue || _options.Duration > TimeSpan.Zero || sum.Sent == _options.Points),
    };

    private static ServerReport? DescribeServer(int? pid, ProcessUse? before, long accepted, bool settled)
    {
        if (pid is not { } known || before is not { } earlier || ProcessUse.Read(known) is not { } now)
        {
            return null;
        }
        var cpu = now.Cpu - earlier.Cpu;
        return new ServerReport(known, cpu.TotalSeconds, PerPoint(cpu, accepted), now.ResidentBytes, settled);
    }

    private static double PerPoint(TimeSpan cpu, long points) => points == 0 ? 0 : cpu.Ticks * (double)TimeSpan.NanosecondsPerTick / points;
}
