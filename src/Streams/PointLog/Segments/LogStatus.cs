namespace OrleansMetrics.Streams.PointLog.Segments;

/// <summary>How the log was left.</summary>
internal enum LogStatus : byte
{
    /// <summary>It was closed.</summary>
    Closed = 0,

    /// <summary>A process has it open, or ended without closing it.</summary>
    Open = 1,

    /// <summary>It was closed by a process that had found damage in it.</summary>
    DamageMet = 2,
}
