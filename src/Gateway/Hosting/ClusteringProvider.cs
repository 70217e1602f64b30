namespace OrleansMetrics.Gateway.Hosting;

/// <summary>How the processes of a cluster find each other.</summary>
public enum ClusteringProvider
{
    /// <summary>Not at all: one process.</summary>
    Localhost,

    /// <summary>By a membership table in Redis.</summary>
    Redis,
}
