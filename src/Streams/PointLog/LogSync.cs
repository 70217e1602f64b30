namespace OrleansMetrics.Streams.PointLog;

/// <summary>What an acknowledged append survives.</summary>
public enum LogSync
{
    /// <summary>The end of any process, <c>kill -9</c> included. Power loss or a kernel crash may take the newest appends; never the order or older ones.</summary>
    Normal,

    /// <summary>Power loss too: every commit waits for the disk.</summary>
    Full,
}
