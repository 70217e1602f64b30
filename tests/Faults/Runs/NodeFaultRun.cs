using OrleansMetrics.Faults.Checks;
using OrleansMetrics.Faults.Load;
using OrleansMetrics.Faults.Processes;
using OrleansMetrics.Faults.Schedules;

namespace OrleansMetrics.Faults.Runs;

/// <summary>One schedule against a node that runs as a process: faults while clients load; then everything is compared, restarted, and compared again.</summary>
internal sealed class NodeFaultRun : IAsyncDisposable
{
    private const int Clients = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly RequestManner[] Manners =
    [
        RequestManner.Once, RequestManner.Once, RequestManner.Once, RequestManner.UntilAcknowledged, RequestManner.UntilAcknowledged,
        RequestManner.UntilAcknowledged, RequestManner.TwiceAtOnce, RequestManner.GivenUp, RequestManner.Abandoned, RequestManner.BrokenOff,
    ];

    private readonly NodeSchedule _schedule;
    private readonly DataVolume _volume = new();
    private readonly LoadPace _pace = new();
    private readonly NodeProcess _node;
    private readonly HttpMetricsReader _reader;
    private readonly HttpRequestSender _sender;
    private readonly RunReport _report;
    private Task[] _clients = [];

    private NodeFaultRun(NodeSchedule schedule, string test)
    {
        _schedule = schedule;
        _report = new RunReport(schedule.Seed, test);
        _node = new NodeProcess(
            _volume.Path,
            FreePort.Next(),
            [
                .. schedule.Settings, $"--Windows:Size={LoadMetrics.WindowSize}", $"--Windows:AllowedLateness={LoadMetrics.AllowedLateness}",
                "--Windows:Retained=1000", "--Node:DrainDelay=00:00:00.05",
            ]);
        _reader = new HttpMetricsReader(_node.Address);
        _sender = new HttpRequestSender(_node.Address, _report.Requests);
    }

    /// <summary>Runs a schedule.</summary>
    /// <returns>What happened when.</returns>
    /// <exception cref="Xunit.Sdk.FailException">Anything was not exact; tells everything.</exception>
    public static async Task<string> RunAsync(int seed, string test)
    {
        await using var run = new NodeFaultRun(new NodeSchedule(seed), test);
        await run.RunAsync();
        return run._report.Summary();
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        _reader.Dispose();
        _sender.Dispose();
        _volume.Dispose();
    }

    private async Task RunAsync()
    {
        using var watching = new CancellationTokenSource();
        var watch = Task.CompletedTask;
        try
        {
            await _node.StartAsync();
            _clients = [.. Enumerable.Range(0, Clients).Select(StartClient)];
            watch = WatchLedgerAsync(watching.Token);
            await DoFaultsAsync();
            _pace.End();
            await Task.WhenAll(_clients).WaitAsync(Patience);
            await CompareAsync("After the faults");
            await RestartAsync();
            await CompareAsync("After a restart");
        }
        catch (Exception exception)
        {
            _report.Fail(exception.ToString());
        }

        _pace.CutOff();
        await watching.CancelAsync();
        await watch;
        if (_report.HasFailed)
        {
            _node.KeepsOutput = true;
            Assert.Fail(_report.Describe($"all of it: {_node.OutputFile}\n{_node.OutputTail}"));
        }

        await Task.WhenAll(_clients);
    }

    private Task StartClient(int client)
    {
        var seed = unchecked((_schedule.Seed * 31) + client);
        var generator = new RequestGenerator(client, seed, _report.Requests, () => DateTimeOffset.UtcNow + _node.ClockOffset, Manners);
        return Task.Run(new LoadClient(generator, _sender, _report.Requests, _pace, seed).RunAsync);
    }

    private async Task DoFaultsAsync()
    {
        var faults = new NodeFaults(_node, _volume, _report.Requests, _pace, _report.Diary, _schedule.Seed);
        foreach (var step in _schedule.Steps)
        {
            await AcknowledgedAsync(step.AfterRequests);
            await faults.DoAsync(step);
        }

        await AcknowledgedAsync(30);
    }

    private async Task AcknowledgedAsync(int more)
    {
        var wanted = _report.Requests.Acknowledged + more;
        await Eventually.RequireAsync(
            $"{more} more requests are acknowledged",
            () => _report.Requests.Acknowledged >= wanted || _clients.Any(static client => client.IsFaulted),
            Patience);
        await Task.WhenAll(_clients.Where(static client => client.IsFaulted));
    }

    private async Task CompareAsync(string when)
    {
        var ledger = await Settling.SettleAsync(_reader);
        _report.AddDifferences(when, await Exactness.CheckAsync(_report.Requests.All, _reader, ledger));
    }

    private async Task RestartAsync()
    {
        var code = await _node.TerminateAsync();
        if (code != 0)
        {
            _report.Fail($"The node ended with {code} when it was told to stop.");
        }

        await _node.StartAsync();
    }

    /// <summary>The ledger balances at any time, not only at the end.</summary>
    private async Task WatchLedgerAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            if (await _reader.TryReadLedgerAsync() is { Balanced: false } ledger)
            {
                _report.Requests.Violations.Enqueue($"Not balanced: {ledger.Text}");
            }

            await Task.Delay(100, CancellationToken.None);
        }
    }
}
