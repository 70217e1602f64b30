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

/// <summary>One schedule against a cluster of processes under load through both gateways; then everything is compared.</summary>
internal sealed class TopologyRun : IAsyncDisposable
{
    private const int Clients = 4;
    private const int Partitions = 16;

    // Starts on a busy machine, and a cluster that was killed whole.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private static readonly RequestManner[] Manners =
    [
        RequestManner.Once, RequestManner.UntilAcknowledged, RequestManner.UntilAcknowledged, RequestManner.TwiceAtOnce, RequestManner.GivenUp, RequestManner.Abandoned,
        RequestManner.BrokenOff,
    ];

    private readonly TopologySchedule _schedule;
    private readonly TopologyCluster _cluster;
    private readonly RunReport _report;
    private readonly LoadPace _pace = new();
    private readonly HttpRequestSender[] _gateways;
    private readonly AnyGatewayReader _reader;
    private readonly AnswerWatch _watch;
    private readonly Task[] _clients;

    private TopologyRun(TopologySchedule schedule, TopologyCluster cluster, string test)
    {
        _schedule = schedule;
        _cluster = cluster;
        _report = new RunReport(schedule.Seed, test, "tests/Topology");
        _gateways = [.. cluster.Gateways.Values.Select(gateway => new HttpRequestSender(gateway, _report.Requests))];
        _reader = new AnyGatewayReader(cluster.Gateways.Values);
        _watch = new AnswerWatch(cluster.Gateways.Values);
        _clients = [.. Enumerable.Range(0, Clients).Select(StartClient)];
    }

    /// <summary>Runs a schedule.</summary>
    /// <param name="schedule">The faults.</param>
    /// <param name="test">Its name, to repeat it.</param>
    /// <param name="restarts">Whether the cluster is stopped and started at the end, and everything compared again.</param>
    /// <returns>What happened when.</returns>
    /// <exception cref="Xunit.Sdk.FailException">Anything was not exact; tells everything.</exception>
    public static async Task<string> RunAsync(TopologySchedule schedule, string test, bool restarts)
    {
        await using var cluster = await TopologyCluster.StartAsync(Settings(schedule.FlushInterval), isAsDeployed: false);
        await using var run = new TopologyRun(schedule, cluster, test);
        await run.RunAsync(restarts);
        return run._report.Summary();
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
    public static int UnitOf(string metric) => PartitionKey.Of(Encoding.UTF8.GetBytes(metric), Partitions);

    public async ValueTask DisposeAsync()
    {
        await _watch.DisposeAsync();
        _reader.Dispose();
        Array.ForEach(_gateways, static gateway => gateway.Dispose());
    }

    private async Task RunAsync(bool restarts)
    {
        using var watching = new CancellationTokenSource();
        var watch = WatchLedgerAsync(watching.Token);
        try
        {
            await DoFaultsAsync();
            _pace.End();
            await Task.WhenAll(_clients).WaitAsync(Patience);
            await CompareAsync("After the faults");
            await watching.CancelAsync();
            await watch;
            if (restarts)
            {
                await _cluster.RunAsync("down");
                await _cluster.UpAsync();
                await CompareAsync("After a restart");
            }
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
            _cluster.KeepOutput(Path.Combine(AppContext.BaseDirectory, $"topology-{_schedule.Seed}"));
            Assert.Fail(_report.Describe(_cluster.ReadOutput()));
        }

        await Task.WhenAll(_clients);
    }

    private Task StartClient(int client)
    {
        var seed = unchecked((_schedule.Seed * 31) + client);
        var generator = new RequestGenerator(client, seed, _report.Requests, static () => DateTimeOffset.UtcNow, Manners);
        var sender = new WatchedSender(new AnyGateway(_gateways, seed), _watch);
        return Task.Run(new LoadClient(generator, sender, _report.Requests, _pace, seed).RunAsync);
    }

    private async Task DoFaultsAsync()
    {
        var faults = new TopologyFaults(_cluster, _report.Diary, _schedule.Seed);
        foreach (var step in _schedule.Steps)
        {
            await AcknowledgedAsync(step.AfterRequests);
            _watch.Begin();
            _report.Diary.Note(step.ToString());
            await faults.DoAsync(step);
            await AcknowledgedAsync(10);
            _report.Diary.Note($"{step.Fault}: {_watch.End()}");
        }

        await faults.EndAsync();
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
        _report.AddDifferences(when, await Exactness.CheckAsync(_report.Requests.All, _reader, ledger, UnitOf));
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

            await Task.Delay(200, CancellationToken.None);
        }
    }
}
