using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace OrleansMetrics.Streams.PointLog.Sqlite;

/// <summary>
/// Puts a file with everything that can be read of a damaged one in its place: records with their positions, what was trimmed, requests,
/// and what was set aside. The damaged file stays beside it. Only for a process that has the log alone.
/// </summary>
/// <remarks>Killed at any moment, it leaves either the damaged file in place or the new one, and starts again in the first case.</remarks>
internal sealed class LogSalvage(LogDatabase database, TimeProvider time, ILogger logger)
{
    private const int CopyBytes = 8 << 20;
    private long _records;
    private int _ranges;

    /// <exception cref="SqliteException">Not even the list of tables can be read, or the disk has no room for the copy.</exception>
    /// <exception cref="InvalidDataException">The tables are not those of this log.</exception>
    public void Run()
    {
        SqlitePointLogMessages.Salvaging(logger, database.Path);
        var fresh = database.At(database.Path + ".salvage");
        Delete(fresh.Path);
        try
        {
            fresh.CreateOrVerify();
            using (var from = OpenDamaged())
            using (var to = fresh.OpenWriter(LogSync.Normal))
            {
                Copy(from, to);
                LogDatabase.CopyBack(to);
            }

            var kept = Replace(fresh.Path);
            SqlitePointLogMessages.Salvaged(logger, database.Path, _records, _ranges, kept);
        }
        finally
        {
            Delete(fresh.Path);
        }
    }

    private static void Delete(string path)
    {
        foreach (var suffix in (ReadOnlySpan<string>)["", "-wal", "-shm"])
        {
            File.Delete(path + suffix);
        }
    }

    private static bool Try(Action action)
    {
        try
        {
            action();
            return true;
        }
        catch (SqliteException exception) when (SqliteErrors.IsDamage(exception))
        {
            return false;
        }
    }

    // A file shorter than its header says is read, as far as it goes, only with this setting.
    private SqliteConnection OpenDamaged()
    {
        var connection = database.OpenReader();
        LogDatabase.Execute(connection, "PRAGMA writable_schema=1");
        return connection;
    }

    private void Copy(SqliteConnection from, SqliteConnection to)
    {
        CheckTables(from);
        using var session = new LogReadSession(database, from);
        long highest = 0;
        for (var partition = 0; partition < database.Partitions; partition++)
        {
            LogDatabase.Execute(to, "BEGIN IMMEDIATE");
            var trimmedTo = CopyTrim(from, to, partition);
            highest = Math.Max(highest, CopyRecords(session, to, partition, trimmedTo));
            if (!CopyRows(from, to, LogDatabase.Invariant($"request_keys_{partition}"), 3))
            {
                SqlitePointLogMessages.RowsLost(logger, database.Path, partition, "requests that may be sent again");
            }

            LogDatabase.Execute(to, "COMMIT");
        }

        LogDatabase.Execute(to, "BEGIN IMMEDIATE");
        if (!CopyRows(from, to, "set_aside", 7))
        {
            SqlitePointLogMessages.RowsLost(logger, database.Path, -1, "records set aside");
        }

        // Each gap is at least a distance, so that their number is at most this when it cannot be read.
        long? gaps = null;
        _ = Try(() => gaps = LogDatabase.ReadMeta(from, "gaps"));
        LogDatabase.WriteMeta(to, "gaps", gaps ?? ((highest / LogGap.Distance) + 1));
        LogDatabase.WriteMeta(to, "state", (long)LogFileState.Salvaged);
        LogDatabase.Execute(to, "COMMIT");
    }

    private void CheckTables(SqliteConnection from)
    {
        using var command = from.CreateCommand();
        command.CommandText = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND (name GLOB 'request_keys_*' OR name GLOB 'records_*')";
        if (command.ExecuteScalar() is not long tables || tables != 2 * database.Partitions)
        {
            throw new InvalidDataException(
                $"The point log '{database.Path}' is damaged and does not list the tables of {database.Partitions} partitions; restore the data directory from a backup.");
        }
    }

    private long CopyTrim(SqliteConnection from, SqliteConnection to, int partition)
    {
        var head = default(PartitionHead);
        var read = Try(() =>
        {
            using var select = new SqliteStatement(
                from, LogDatabase.Invariant($"SELECT position, ingested_at, points_through, bytes_through FROM trims WHERE partition = {partition}"));
            if (select.Step() && select.IsInteger(0) && select.IsInteger(1) && select.IsInteger(2) && select.IsInteger(3))
            {
                head.Position = select.Int64(0);
                head.IngestedAt = select.Int64(1);
                head.PointsThrough = select.Int64(2);
                head.BytesThrough = select.Int64(3);
            }
        });
        if (!read)
        {
            SqlitePointLogMessages.RowsLost(logger, database.Path, partition, "how far it is trimmed");
        }

        using var update = new SqliteStatement(to, LogDatabase.UpdateTrim);
        LogDatabase.WriteTrim(update, partition, head);
        return head.Position;
    }

    private long CopyRecords(LogReadSession session, SqliteConnection to, int partition, long trimmedTo)
    {
        using var insert = new SqliteStatement(to, LogDatabase.InsertRecord(partition));
        var position = trimmedTo;
        while (true)
        {
            var read = session.Read(partition, position, CopyBytes);
            foreach (var (record, bytesThrough) in read.Records.Zip(session.BytesThrough))
            {
                ReportIfLost(partition, position, record);
                LogDatabase.WriteRecord(insert, record, bytesThrough);
                position = record.Position;
                _records++;
            }

            if (read.Records.Count == 0)
            {
                if (read.LostFirst > 0)
                {
                    _ranges++;
                    PointLogMessages.RecordsLost(logger, database.Path, partition, read.LostFirst, read.LostLast);
                }

                return position;
            }

            LogDatabase.Execute(to, "COMMIT");
            LogDatabase.Execute(to, "BEGIN IMMEDIATE");
        }
    }

    private void ReportIfLost(int partition, long before, LogRecord record)
    {
        var last = LogGap.TryParse(record.Payload.Span, out var lastBefore) ? lastBefore : record.Position - 1;
        if (last > before)
        {
            _ranges++;
            PointLogMessages.RecordsLost(logger, database.Path, partition, before + 1, last);
        }
    }

    /// <summary>Copies the rows of a small table from both ends up to the damage; false when there was some.</summary>
    private static bool CopyRows(SqliteConnection from, SqliteConnection to, string table, int columns)
    {
        if (CopyRows(from, to, table, columns, "ASC"))
        {
            return true;
        }

        _ = CopyRows(from, to, table, columns, "DESC");
        return false;
    }

    private static bool CopyRows(SqliteConnection from, SqliteConnection to, string table, int columns, string order) => Try(() =>
    {
        var parameters = string.Join(", ", Enumerable.Range(1, columns).Select(i => string.Create(CultureInfo.InvariantCulture, $"?{i}")));
        using var insert = new SqliteStatement(to, $"INSERT OR IGNORE INTO {table} VALUES ({parameters})");
        using var select = new SqliteStatement(from, $"SELECT * FROM {table} ORDER BY rowid {order}");
        while (select.Step())
        {
            for (var i = 0; i < columns; i++)
            {
                insert.Copy(i + 1, select, i);
            }

            insert.Execute();
        }
    });

    /// <summary>Puts the new file in the place of the damaged one; the path under which that is kept.</summary>
    private string Replace(string freshPath)
    {
        // The write-ahead log of the one must never be applied to the other. It goes when the last connection closes; what is left of it is kept too.
        _ = Try(() =>
        {
            using var connection = database.OpenWriter(LogSync.Full);
            LogDatabase.CopyBack(connection);
        });
        var kept = string.Create(CultureInfo.InvariantCulture, $"{database.Path}.damaged-{time.GetUtcNow():yyyyMMdd'T'HHmmss'Z'}");
        for (var i = 2; File.Exists(kept); i++)
        {
            kept = string.Create(CultureInfo.InvariantCulture, $"{database.Path}.damaged-{time.GetUtcNow():yyyyMMdd'T'HHmmss'Z'}-{i}");
        }

        if (File.Exists(database.Path + "-wal"))
        {
            File.Move(database.Path + "-wal", kept + "-wal");
        }

        File.Delete(database.Path + "-shm");
        File.Replace(freshPath, database.Path, kept);
        return kept;
    }
}
