using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace OrleansMetrics.Streams.PointLog.Sqlite;

/// <summary>What damage of the file this process has met. Any thread.</summary>
internal sealed class LogDamage(string path, ILogger logger)
{
    private const int MaxReported = 1_000;

    // https://www.sqlite.org/rescode.html: SQLITE_IOERR_SHORT_READ, SQLITE_IOERR_CORRUPTFS (EIO, ENXIO).
    private const int ShortRead = 522;
    private const int CorruptFileSystem = 8458;
    private readonly HashSet<(int Partition, long First)> _reported = [];
    private volatile bool _met;

    /// <summary>Whether any was met; the file is then checked when it is next opened.</summary>
    public bool Met => _met;

    /// <summary>True for an error that damage causes.</summary>
    /// <remarks>A sector that the disk cannot read and a file that is cut off are errors of input, and as lasting as the others.</remarks>
    public static bool Is(Exception exception) => exception is SqliteException
    {
        SqliteErrorCode: SQLitePCL.raw.SQLITE_CORRUPT or SQLitePCL.raw.SQLITE_NOTADB,
    }
    or SqliteException { SqliteExtendedErrorCode: ShortRead or CorruptFileSystem };

    /// <summary>Remembers that an error was damage, if it was.</summary>
    public void Observe(Exception exception)
    {
        if (Is(exception))
        {
            _met = true;
        }
    }

    /// <summary>Positions that cannot be read; says so once.</summary>
    public void Report(int partition, long first, long last)
    {
        _met = true;
        lock (_reported)
        {
            if (_reported.Count >= MaxReported || !_reported.Add((partition, first)))
            {
                return;
            }
        }

        SqlitePointLogMessages.RecordsUnreadable(logger, path, partition, first, last);
    }
}
