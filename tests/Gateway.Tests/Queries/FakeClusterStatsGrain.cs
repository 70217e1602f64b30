using OrleansMetrics.Contracts.Stats;

namespace OrleansMetrics.Gateway.Tests.Queries;

internal sealed class FakeClusterStatsGrain : IClusterStatsGrain
{
    public NodeStats[] Nodes { get; set; } = [];

    public SiloMember[] Members { get; set; } = [];

    public Task Report(NodeStats stats, CancellationToken cancellationToken = default)
    {
        Nodes = [.. Nodes.Where(n => n.Node != stats.Node), stats];
        return Task.CompletedTask;
    }

    public Task<NodeStats[]> GetNodes(CancellationToken cancellationToken = default) => Task.FromResult(Nodes);

    public Task<SiloMember[]> GetMembers(CancellationToken cancellationToken = default) => Task.FromResult(Members);
}
