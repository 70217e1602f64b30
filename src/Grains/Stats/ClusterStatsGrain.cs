using OrleansMetrics.Contracts.Stats;

namespace OrleansMetrics.Grains.Stats;

/// <summary>Keeps the last report of every node for a minute.</summary>
public sealed class ClusterStatsGrain(IClusterMembershipService membership, TimeProvider time) : Grain, IClusterStatsGrain
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, NodeStats> _nodes = new(StringComparer.Ordinal);

    /// <inheritdoc />
    public Task Report(NodeStats stats, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stats);
        _nodes[stats.Node] = stats;
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task<NodeStats[]> GetNodes(CancellationToken cancellationToken = default)
    {
        var oldest = time.GetUtcNow() - Lifetime;
        foreach (var (node, stats) in _nodes)
        {
            if (stats.ReportedAt < oldest)
            {
                _nodes.Remove(node);
            }
        }

        return Task.FromResult(_nodes.Values.OrderBy(static stats => stats.Node, StringComparer.Ordinal).ToArray());
    }

    /// <inheritdoc />
    public Task<SiloMember[]> GetMembers(CancellationToken cancellationToken = default) => Task.FromResult(membership.CurrentSnapshot.Members.Values
        .OrderBy(static member => member.Name, StringComparer.Ordinal).ThenByDescending(static member => member.SiloAddress.Generation)
        .Select(static member => new SiloMember(member.Name, member.SiloAddress.ToParsableString(), member.Status.ToString())).ToArray());
}
