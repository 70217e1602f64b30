namespace OrleansMetrics.Gateway.Hosting;

/// <summary>Where the point log lies.</summary>
public enum LogProvider
{
    /// <summary>In a file of the node.</summary>
    Sqlite,

    /// <summary>In Redis.</summary>
    Redis,
}
