namespace OrleansMetrics.Gateway.Hosting;

/// <summary>Where the point log lies.</summary>
public enum LogProvider
{
    /// <summary>In segment files of the node.</summary>
    Segments,

    /// <summary>In a SQLite file of the node.</summary>
    Sqlite,

    /// <summary>In Redis.</summary>
    Redis,
}
