
namespace OrleansMetrics.Contracts.Stats;

/// <summary>Collects what the nodes report. Key 0. Held in memory: a node reports again within seconds.</summary>
[Alias("OrleansMetrics.IClusterStatsGrain")]
public interface IClusterStatsGrain : IGrainWithIntegerKey
{
    /// <summary>Replaces what this node reported before.</summary>
    [Alias("Report")]
    Task Report(NodeStats stats, CancellationToken cancellationToken = default);

    /// <summary>The last report of every node heard of within a minute, by name.</summary>
    [Alias("GetNodes")]
    Task<NodeStats[]> GetNodes(CancellationToken cancellationToken = default);

    /// <summary>The silos that the membership of the cluster has, dead ones included, in order of their names.</summary>
    [Alias("GetMembers")]
    Task<SiloMember[]> GetMembers(CancellationToken cancellationToken = default);
}
