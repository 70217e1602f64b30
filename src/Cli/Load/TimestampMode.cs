namespace OrleansMetrics.Cli.Load;

/// <summary>What timestamps the lines of a load carry.</summary>
internal enum TimestampMode
{
    /// <summary>None: the node uses its own time.</summary>
    None,

    /// <summary>The time at which the request is sent, in nanoseconds.</summary>
    Now,
}
