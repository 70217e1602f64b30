using OrleansMetrics.Faults.Checks;
using OrleansMetrics.Faults.Load;

namespace OrleansMetrics.Faults.Runs;

/// <summary>One schedule: faults while clients load; then everything is compared, restarted, and compared again.</summary>
/// <param name="seed">Of the schedule.</param>
/// <param name="report">What happens is noted here.</param>
/// <param name="patience">For a number of requests, and for the clients to end.</param>
/// <param name="watchPause">Between two looks at the ledger.</param>
internal abstract class FaultRun(int seed, RunReport report, TimeSpan patience, TimeSpan watchPause)
{
    private const int Clients = 4;

    private Task[] _clients = [];

    protected RunReport Report { get; } = report;

    protected LoadPace Pace { get; } = new();

    protected abstract IMetricsReader Reader { get; }

    /// <summary>Runs the schedule.</summary>
    /// <exception cref="Xunit.Sdk.FailException">Anything was not exact; tells everything.</exception>
    protected async Task RunAsync()
    {
        using var watching = new CancellationTokenSource();
        var watch = Task.CompletedTask;
        try
        {
            await StartAsync();
            _clients = [.. Enumerable.Range(0, Clients).Select(client => Task.Run(CreateClient(client, unchecked((seed * 31) + client)).RunAsync))];
            watch = WatchLedgerAsync(watching.Token);
            await DoFaultsAsync();
            Pace.End();
            await Task.WhenAll(_clients).WaitAsync(patience);
            await CompareAsync("After the faults");
            await watching.CancelAsync();
            await watch;
            if (await RestartAsync())
            {
                await CompareAsync("After a restart");
            }
        }
        catch (Exception exception)
        {
            Report.Fail(exception.ToString());
        }

        Pace.CutOff();
        await watching.CancelAsync();
        await watch;
        if (Report.HasFailed)
        {
            Assert.Fail(Report.Describe(KeepOutput()));
        }

        await Task.WhenAll(_clients);
    }

    /// <summary>Starts what is loaded, unless it runs.</summary>
    protected abstract Task StartAsync();

    protected abstract LoadClient CreateClient(int client, int seed);

    protected abstract Task DoFaultsAsync();

    /// <summary>Stops and starts all of it; false when that is not wanted.</summary>
    protected abstract Task<bool> RestartAsync();

    /// <summary>The unit in which an unanswered request is counted whole or not at all; null: the request.</summary>
    protected virtual Func<string, int>? UnitOf => null;

    /// <summary>Called when the run has failed; returns what is told of the output.</summary>
    protected abstract string KeepOutput();

    /// <summary>Completes when so many more requests are acknowledged.</summary>
    protected async Task AcknowledgedAsync(int more)
    {
        var wanted = Report.Requests.Acknowledged + more;
        await Eventually.RequireAsync(
            $"{more} more requests are acknowledged",
            () => Report.Requests.Acknowledged >= wanted || _clients.Any(static client => client.IsFaulted),
            patience);
        await Task.WhenAll(_clients.Where(static client => client.IsFaulted));
    }

    private async Task CompareAsync(string when)
    {
        var ledger = await Settling.SettleAsync(Reader);
        Report.AddDifferences(when, await Exactness.CheckAsync(Report.Requests.All, Reader, ledger, UnitOf));
    }

    /// <summary>The ledger balances at any time, not only at the end.</summary>
    private async Task WatchLedgerAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            if (await Reader.TryReadLedgerAsync() is { Balanced: false } ledger)
            {
                Report.Requests.Violations.Enqueue($"Not balanced: {ledger.Text}");
            }

            await Task.Delay(watchPause, CancellationToken.None);
        }
    }
}
