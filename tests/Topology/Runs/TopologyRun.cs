using System.Text;
using OrleansMetrics.Contracts.Partitions;
using OrleansMetrics.Faults.Checks;
using OrleansMetrics.Faults.Clusters;
using OrleansMetrics.Faults.Load;
using OrleansMetrics.Faults.Runs;
using OrleansMetrics.Faults.Schedules;
using OrleansMetrics.Topology.Checks;
using OrleansMetrics.Topology.Clusters;
using OrleansMetrics.Topology.Schedules;

namespace OrleansMetrics.Topology.Runs;

/// <summary>One schedule against a cluster of processes under load through both gateways.</summary>
internal sealed class TopologyRun : FaultRun, IAsyncDisposable
{
    private const int Partitions = 16;

    private static readonly RequestManner[] Manners =
    [
        RequestManner.Once, RequestManner.UntilAcknowledged, RequestManner.UntilAcknowledged, RequestManner.TwiceAtOnce, RequestManner.GivenUp, RequestManner.Abandoned,
        RequestManner.BrokenOff,
    ];

    private readonly TopologySchedule _schedule;
    private readonly TopologyCluster _cluster;
    private readonly HttpRequestSender[] _gateways;
    private readonly AnyGatewayReader _reader;
    private readonly AnswerWatch _watch;
    private readonly bool _restarts;

    // Patience for starts on a busy machine, and for a cluster that was killed whole.
    private TopologyRun(TopologySchedule schedule, TopologyCluster cluster, string test, bool restarts)
        : base(schedule.Seed, new RunReport(schedule.Seed, test, "tests/Topology"), patience: TimeSpan.FromMinutes(3), watchPause: TimeSpan.FromMilliseconds(200))
    {
        _schedule = schedule;
        _cluster = cluster;
        _restarts = restarts;
        _gateways = [.. cluster.Gateways.Values.Select(gateway => new HttpRequestSender(gateway, Report.Requests))];
        _reader = new AnyGatewayReader(cluster.Gateways.Values);
        _watch = new AnswerWatch(cluster.Gateways.Values);
    }

    protected override IMetricsReader Reader => _reader;

    protected override Func<string, int> UnitOf => PartitionOf;

    /// <summary>Runs a schedule.</summary>
    /// <param name="schedule">The faults.</param>
    /// <param name="test">Its name, to repeat it.</param>
    /// <param name="restarts">Whether the cluster is stopped and started at the end, and everything compared again.</param>
    /// <returns>What happened when.</returns>
    /// <exception cref="Xunit.Sdk.FailException">Anything was not exact; tells everything.</exception>
    public static async Task<string> RunAsync(TopologySchedule schedule, string test, bool restarts)
    {
        await using var cluster = await TopologyCluster.StartAsync(Settings(schedule.FlushInterval), isAsDeployed: false);
        await using var run = new TopologyRun(schedule, cluster, test, restarts);
        await run.RunAsync();
        return run.Report.Summary();
    }

    /// <summary>What the clients' requests count on, on top of the cluster's own settings.</summary>
    public static IReadOnlyDictionary<string, string> Settings(TimeSpan flushInterval) => new Dictionary<string, string>
    {
        ["Windows__Size"] = LoadMetrics.WindowSize.ToString(),
        ["Windows__AllowedLateness"] = LoadMetrics.AllowedLateness.ToString(),
        ["Windows__Retained"] = "1000",
        ["Flush__Interval"] = flushInterval.ToString(),
    };

    /// <summary>Redis' log takes a request's points of one partition as a unit.</summary>
    public static int PartitionOf(string metric) => PartitionKey.Of(Encoding.UTF8.GetBytes(metric), Partitions);

    public async ValueTask DisposeAsync()
    {
        await _watch.DisposeAsync();
        _reader.Dispose();
        Array.ForEach(_gateways, static gateway => gateway.Dispose());
    }

    protected override Task StartAsync() => Task.CompletedTask;

    protected override LoadClient CreateClient(int client, int seed)
    {
        var generator = new RequestGenerator(client, seed, Report.Requests, static () => DateTimeOffset.UtcNow, Manners);
        return new LoadClient(generator, new WatchedSender(new AnyGateway(_gateways, seed), _watch), Report.Requests, Pace, seed);
    }

    protected override async Task DoFaultsAsync()
    {
        var faults = new TopologyFaults(_cluster, Report.Diary, _schedule.Seed);
        foreach (var step in _schedule.Steps)
        {
            await AcknowledgedAsync(step.AfterRequests);
            _watch.Begin();
            Report.Diary.Note(step.ToString());
            await faults.DoAsync(step);
            await AcknowledgedAsync(10);
            Report.Diary.Note($"{step.Fault}: {_watch.End()}");
        }

        await faults.EndAsync();
        await AcknowledgedAsync(30);
    }

    protected override async Task<bool> RestartAsync()
    {
        if (_restarts)
        {
            await _cluster.RunAsync("down");
            await _cluster.UpAsync();
        }

        return _restarts;
    }

    protected override string KeepOutput()
    {
        _cluster.KeepOutput(Path.Combine(AppContext.BaseDirectory, $"topology-{_schedule.Seed}"));
        return _cluster.ReadOutput();
    }
}
