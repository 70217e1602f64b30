using OrleansMetrics.Faults.Checks;
using OrleansMetrics.Faults.Load;
using OrleansMetrics.Faults.Processes;
using OrleansMetrics.Faults.Schedules;

namespace OrleansMetrics.Faults.Runs;

/// <summary>One schedule against a node that runs as a process.</summary>
internal sealed class NodeFaultRun : FaultRun, IAsyncDisposable
{
    private static readonly RequestManner[] Manners =
    [
        RequestManner.Once, RequestManner.Once, RequestManner.Once, RequestManner.UntilAcknowledged, RequestManner.UntilAcknowledged,
        RequestManner.UntilAcknowledged, RequestManner.TwiceAtOnce, RequestManner.GivenUp, RequestManner.Abandoned, RequestManner.BrokenOff,
    ];

    private readonly NodeSchedule _schedule;
    private readonly DataVolume _volume = new();
    private readonly NodeProcess _node;
    private readonly HttpMetricsReader _reader;
    private readonly HttpRequestSender _sender;

    private NodeFaultRun(NodeSchedule schedule, string test)
        : base(schedule.Seed, new RunReport(schedule.Seed, test), patience: TimeSpan.FromSeconds(60), watchPause: TimeSpan.FromMilliseconds(100))
    {
        _schedule = schedule;
        _node = new NodeProcess(
            _volume.Path,
            FreePort.Next(),
            [
                .. schedule.Settings, $"--Windows:Size={LoadMetrics.WindowSize}", $"--Windows:AllowedLateness={LoadMetrics.AllowedLateness}",
                "--Windows:Retained=1000", "--Node:DrainDelay=00:00:00.05", "--Log:SegmentBytes=65536",
            ]);
        _reader = new HttpMetricsReader(_node.Address);
        _sender = new HttpRequestSender(_node.Address, Report.Requests);
    }

    protected override IMetricsReader Reader => _reader;

    /// <summary>Runs a schedule.</summary>
    /// <returns>What happened when.</returns>
    /// <exception cref="Xunit.Sdk.FailException">Anything was not exact; tells everything.</exception>
    public static async Task<string> RunAsync(int seed, string test)
    {
        await using var run = new NodeFaultRun(new NodeSchedule(seed), test);
        await run.RunAsync();
        return run.Report.Summary();
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        _reader.Dispose();
        _sender.Dispose();
        _volume.Dispose();
    }

    protected override async Task StartAsync() => await _node.StartAsync();

    protected override LoadClient CreateClient(int client, int seed)
    {
        var generator = new RequestGenerator(client, seed, Report.Requests, () => DateTimeOffset.UtcNow + _node.ClockOffset, Manners);
        return new LoadClient(generator, _sender, Report.Requests, Pace, seed);
    }

    protected override async Task DoFaultsAsync()
    {
        var faults = new NodeFaults(_node, _volume, Report.Requests, Pace, Report.Diary, _schedule.Seed);
        foreach (var step in _schedule.Steps)
        {
            await AcknowledgedAsync(step.AfterRequests);
            await faults.DoAsync(step);
        }

        await AcknowledgedAsync(30);
    }

    protected override async Task<bool> RestartAsync()
    {
        var code = await _node.TerminateAsync();
        if (code != 0)
        {
            Report.Fail($"The node ended with {code} when it was told to stop.");
        }

        await _node.StartAsync();
        return true;
    }

    protected override string KeepOutput()
    {
        _node.KeepsOutput = true;
        return $"all of it: {_node.OutputFile}\n{_node.OutputTail}";
    }
}
