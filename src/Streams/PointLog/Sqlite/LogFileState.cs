namespace OrleansMetrics.Streams.PointLog.Sqlite;

/// <summary>How the file was left, kept in the file itself.</summary>
internal enum LogFileState
{
    /// <summary>Every process that had it open has closed it.</summary>
    Closed = 0,

    /// <summary>A process has it open, or ended without closing it.</summary>
    Open = 1,

    /// <summary>A process has found damage in it.</summary>
    DamageMet = 2,

    /// <summary>It was made from what could be read of a damaged file. The heads of its partitions may lie below what was given out.</summary>
    Salvaged = 3,
}
