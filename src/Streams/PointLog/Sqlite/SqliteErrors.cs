using Microsoft.Data.Sqlite;

namespace OrleansMetrics.Streams.PointLog.Sqlite;

/// <summary>Which of SQLite's errors mean what for the log.</summary>
internal static class SqliteErrors
{
    // https://www.sqlite.org/rescode.html: SQLITE_IOERR_SHORT_READ, SQLITE_IOERR_CORRUPTFS (EIO, ENXIO).
    private const int ShortRead = 522;
    private const int CorruptFileSystem = 8458;

    /// <summary>True for an error that damage causes.</summary>
    /// <remarks>A sector that the disk cannot read and a file that is cut off are errors of input, and as lasting as the others.</remarks>
    public static bool IsDamage(Exception exception) => exception is SqliteException
    {
        SqliteErrorCode: SQLitePCL.raw.SQLITE_CORRUPT or SQLitePCL.raw.SQLITE_NOTADB,
    }
    or SqliteException { SqliteExtendedErrorCode: ShortRead or CorruptFileSystem };

    /// <summary>True when the disk is full. The write of a transaction's last frame is what commits it; with this error for any of them, it was not committed.</summary>
    public static bool IsDiskFull(Exception exception) => exception is SqliteException { SqliteErrorCode: SQLitePCL.raw.SQLITE_FULL };
}
