namespace OrleansMetrics.Gateway.Hosting;

/// <summary>What a process is. Setting <c>Role</c>.</summary>
public enum NodeRole
{
    /// <summary>Silo and gateway in one process on embedded storage: a cluster of its own.</summary>
    Standalone,

    /// <summary>A silo of a cluster: holds partitions, takes no points over HTTP.</summary>
    Silo,

    /// <summary>A gateway of a cluster: takes points and answers queries, holds nothing.</summary>
    Gateway,
}
