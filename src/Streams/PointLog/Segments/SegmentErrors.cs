namespace OrleansMetrics.Streams.PointLog.Segments;

/// <summary>Which of the file system's errors mean what for the log.</summary>
internal static class SegmentErrors
{
    // EIO, ENOSPC, EDQUOT; on Windows ERROR_CRC, ERROR_HANDLE_DISK_FULL, ERROR_DISK_FULL.
    private const int InputOutput = 5;
    private const int NoSpace = 28;
    private const int OverQuota = 122;
    private const int WindowsChecksum = unchecked((int)0x80070017);
    private const int WindowsHandleDiskFull = unchecked((int)0x80070027);
    private const int WindowsDiskFull = unchecked((int)0x80070070);

    /// <summary>True for an error of a sector that the disk cannot read.</summary>
    public static bool IsDamage(Exception exception) => exception is IOException { HResult: InputOutput or WindowsChecksum };

    /// <summary>True when the disk is full. A commit of which not everything was written does not count, and is cut off.</summary>
    public static bool IsDiskFull(Exception exception) =>
        exception is IOException { HResult: NoSpace or OverQuota or WindowsHandleDiskFull or WindowsDiskFull };
}
