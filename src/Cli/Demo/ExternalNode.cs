using OrleansMetrics.Cli.NodeApi;

namespace OrleansMetrics.Cli.Demo;

/// <summary>A node that somebody else runs: it is not stopped, and its counters are those of this moment.</summary>
internal sealed class ExternalNode(Uri address) : RunningNode
{
    public override Uri Address => address;

    public override async Task<FinalStatistics> StopAsync(CancellationToken cancellationToken = default)
    {
        using var client = new NodeClient(address);
        var ledger = (await client.GetStatsAsync(cancellationToken)).Cluster;
        return new FinalStatistics
        {
            Received = ledger.Received,
            Accepted = ledger.Accepted,
            Processed = ledger.Processed,
            Late = ledger.Late,
            Rejected = ledger.Rejected.Values.Sum(),
            InFlight = ledger.InFlight,
            Flushes = ledger.Flushes,
            Errors = ledger.Errors,
        };
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
