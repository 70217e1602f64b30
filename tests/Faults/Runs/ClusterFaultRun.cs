using OrleansMetrics.Faults.Checks;
using OrleansMetrics.Faults.Clusters;
using OrleansMetrics.Faults.Load;
using OrleansMetrics.Faults.Schedules;

namespace OrleansMetrics.Faults.Runs;

/// <summary>One schedule against two or three silos in this process; then everything is compared, the cluster restarted, and compared again.</summary>
internal sealed class ClusterFaultRun : IAsyncDisposable
{
    private const int Clients = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly RequestManner[] Manners =
    [
        RequestManner.Once, RequestManner.Once, RequestManner.UntilAcknowledged, RequestManner.UntilAcknowledged, RequestManner.TwiceAtOnce, RequestManner.GivenUp,
    ];

    private readonly ClusterSchedule _schedule;
    private readonly ClusterStores _stores = new();
    private readonly ClusterOutput _output = new();
    private readonly LoadPace _pace = new();
    private readonly ClusterGateway[] _gateways;
    private readonly GrainMetricsReader _reader;
    private readonly RunReport _report;
    private Task[] _clients = [];
    private FaultCluster? _cluster;

    private ClusterFaultRun(ClusterSchedule schedule, string test)
    {
        _schedule = schedule;
        _report = new RunReport(schedule.Seed, test);
        _gateways = [.. Enumerable.Range(0, 3).Select(gateway => new ClusterGateway(_stores, $"gateway-{gateway}", schedule.Seed + gateway))];
        _reader = new GrainMetricsReader(() => _cluster!);
    }

    /// <summary>Runs a schedule.</summary>
    /// <returns>What happened when.</returns>
    /// <exception cref="Xunit.Sdk.FailException">Anything was not exact; tells everything.</exception>
    public static async Task<string> RunAsync(int seed, string test)
    {
        await using var run = new ClusterFaultRun(new ClusterSchedule(seed), test);
        await run.RunAsync();
        return run._report.Summary();
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

    private async Task RunAsync()
    {
        using var watching = new CancellationTokenSource();
        var watch = Task.CompletedTask;
        try
        {
            _cluster = await StartClusterAsync();
            _clients = [.. Enumerable.Range(0, Clients).Select(StartClient)];
            watch = WatchLedgerAsync(watching.Token);
            await DoFaultsAsync(_cluster);
            _pace.End();
            await Task.WhenAll(_clients).WaitAsync(Patience);
            await CompareAsync("After the faults");
            await watching.CancelAsync();
            await watch;
            await RestartAsync(_cluster);
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
            Assert.Fail(_report.Describe(_output.ToString()));
        }

        await Task.WhenAll(_clients);
    }

    private Task<FaultCluster> StartClusterAsync() =>
        FaultCluster.StartAsync(_stores, _output, _schedule.Silos, _schedule.FlushInterval, _schedule.Seed);

    private Task StartClient(int client)
    {
        var seed = unchecked((_schedule.Seed * 31) + client);
        var generator = new RequestGenerator(client, seed, _report.Requests, () => DateTimeOffset.UtcNow, Manners);
        return Task.Run(new LoadClient(generator, new AnyGateway(_gateways, seed), _report.Requests, _pace, seed).RunAsync);
    }

    private async Task DoFaultsAsync(FaultCluster cluster)
    {
        var faults = new ClusterFaults(cluster, _gateways, _report.Requests, _report.Diary, _schedule.Silos, _schedule.Seed);
        foreach (var step in _schedule.Steps)
        {
            await AcknowledgedAsync(step.AfterRequests);
            await faults.DoAsync(step);
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
        _report.AddDifferences(when, await Exactness.CheckAsync(_report.Requests.All, _reader, ledger));
    }

    private async Task RestartAsync(FaultCluster cluster)
    {
        await cluster.DisposeAsync();
        _cluster = await StartClusterAsync();
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
