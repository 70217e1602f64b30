using OrleansMetrics.Faults.Checks;
using OrleansMetrics.Faults.Clusters;
using OrleansMetrics.Faults.Load;
using OrleansMetrics.Faults.Schedules;

namespace OrleansMetrics.Faults.Runs;

/// <summary>One schedule against two or three silos in this process.</summary>
internal sealed class ClusterFaultRun : FaultRun, IAsyncDisposable
{
    private static readonly RequestManner[] Manners =
    [
        RequestManner.Once, RequestManner.Once, RequestManner.UntilAcknowledged, RequestManner.UntilAcknowledged, RequestManner.TwiceAtOnce, RequestManner.GivenUp,
    ];

    private readonly ClusterSchedule _schedule;
    private readonly ClusterStores _stores = new();
    private readonly ClusterOutput _output = new();
    private readonly ClusterGateway[] _gateways;
    private readonly GrainMetricsReader _reader;
    private FaultCluster? _cluster;

    private ClusterFaultRun(ClusterSchedule schedule, string test)
        : base(schedule.Seed, new RunReport(schedule.Seed, test), patience: TimeSpan.FromSeconds(60), watchPause: TimeSpan.FromMilliseconds(100))
    {
        _schedule = schedule;
        _gateways = [.. Enumerable.Range(0, 3).Select(gateway => new ClusterGateway(_stores, $"gateway-{gateway}", schedule.Seed + gateway))];
        _reader = new GrainMetricsReader(() => _cluster!);
    }

    protected override IMetricsReader Reader => _reader;

    /// <summary>Runs a schedule.</summary>
    /// <returns>What happened when.</returns>
    /// <exception cref="Xunit.Sdk.FailException">Anything was not exact; tells everything.</exception>
    public static async Task<string> RunAsync(int seed, string test)
    {
        await using var run = new ClusterFaultRun(new ClusterSchedule(seed), test);
        await run.RunAsync();
        return run.Report.Summary();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var gateway in _gateways)
        {
            await gateway.DisposeAsync();
        }

        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }

        _output.Dispose();
        _stores.Dispose();
    }

    protected override async Task StartAsync() => _cluster = await StartClusterAsync();

    private Task<FaultCluster> StartClusterAsync() =>
        FaultCluster.StartAsync(_stores, _output, _schedule.Silos, _schedule.FlushInterval, _schedule.Seed);

    protected override LoadClient CreateClient(int client, int seed)
    {
        var generator = new RequestGenerator(client, seed, Report.Requests, () => DateTimeOffset.UtcNow, Manners);
        return new LoadClient(generator, new AnyGateway(_gateways, seed), Report.Requests, Pace, seed);
    }

    protected override async Task DoFaultsAsync()
    {
        var faults = new ClusterFaults(_cluster!, _gateways, Report.Requests, Report.Diary, _schedule.Silos, _schedule.Seed);
        foreach (var step in _schedule.Steps)
        {
            await AcknowledgedAsync(step.AfterRequests);
            await faults.DoAsync(step);
        }

        await faults.EndAsync();
        await AcknowledgedAsync(30);
    }

    protected override async Task<bool> RestartAsync()
    {
        await _cluster!.DisposeAsync();
        _cluster = await StartClusterAsync();
        return true;
    }

    protected override string KeepOutput() => _output.ToString();
}
