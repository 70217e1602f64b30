using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace OrleansMetrics.Streams.PointLog.Sqlite;

/// <summary>
/// Opening and closing of the file. One that was not closed properly is checked, salvaged if it is damaged, and gets a
/// <see cref="LogGap"/> in every partition, because its newest records may be gone.
/// </summary>
internal sealed class LogRecovery(LogDatabase database, TimeProvider time, LogDamage damage, ILogger logger)
{
    /// <summary>Creates the file or makes it fit for use. Afterwards it counts as open; the presence is shared.</summary>
    /// <exception cref="InvalidOperationException">Another number of partitions, another schema version, or in use by another process for too long.</exception>
    /// <exception cref="InvalidDataException">No SQLite database, or one too damaged.</exception>
    public LogPresence Open()
    {
        var presence = LogPresence.Enter(database.Path);
        try
        {
            if (presence.Alone)
            {
                Recover();
                presence.Share();
            }

            // Under the shared lock nobody can mark it closed any more.
            if (database.CreateOrVerify() == LogFileState.Closed)
            {
                MarkOpen();
            }

            return presence;
        }
        catch (Exception exception)
        {
            presence.Dispose();
            if (exception is SqliteException { SqliteErrorCode: SQLitePCL.raw.SQLITE_CORRUPT or SQLitePCL.raw.SQLITE_NOTADB or SQLitePCL.raw.SQLITE_ERROR })
            {
                throw new InvalidDataException(
                    $"The point log '{database.Path}' is damaged. It is repaired, as far as possible, when a process opens it alone; if this one did, "
                    + "restore the data directory from a backup.",
                    exception);
            }

            throw;
        }
    }

    /// <summary>Marks the file closed if this was the last process that had it open. All connections of this process are closed.</summary>
    public void Close(LogPresence presence)
    {
        try
        {
            if (damage.Met)
            {
                using var connection = database.OpenWriter(LogSync.Full);
                LogDatabase.WriteMeta(connection, "state", (long)LogFileState.DamageMet);
            }
            else if (presence.LeaveAsLast())
            {
                using var connection = database.OpenWriter(LogSync.Full);
                LogDatabase.Execute(
                    connection,
                    LogDatabase.Invariant($"UPDATE meta SET value = {(int)LogFileState.Closed} WHERE key = 'state' AND value = {(int)LogFileState.Open}"));
                LogDatabase.CopyBack(connection);
            }
        }
        catch (Exception exception) when (exception is SqliteException or IOException or UnauthorizedAccessException)
        {
            // The next process takes it for not closed, which is safe.
            PointLogMessages.NotMarkedClosed(logger, database.Path, exception);
        }
        finally
        {
            presence.Dispose();
        }
    }

    private void Recover()
    {
        var state = LogFileState.DamageMet;
        var sound = false;
        try
        {
            state = database.CreateOrVerify();
            if (state == LogFileState.Closed)
            {
                return;
            }

            PointLogMessages.NotClosed(logger, database.Path);
            sound = IsSound();
        }
        catch (SqliteException exception) when (SqliteErrors.IsDamage(exception))
        {
            // Then it is salvaged.
        }

        AppendGaps(sound ? state : Salvage());
    }

    private LogFileState Salvage()
    {
        new LogSalvage(database, time, logger).Run();
        return LogFileState.Salvaged;
    }

    /// <summary>Reads the whole file once: 0.1 to 0.25 s for 300 MB in memory.</summary>
    private bool IsSound()
    {
        using var connection = database.OpenReader();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA quick_check(1)";
        return command.ExecuteScalar() is "ok";
    }

    /// <summary>Durable before anything else is written, and in the file itself: the write-ahead log is where the newest writes can be lost.</summary>
    private void MarkOpen()
    {
        using var connection = database.OpenWriter(LogSync.Full);
        LogDatabase.WriteMeta(connection, "state", (long)LogFileState.Open);
        LogDatabase.CopyBack(connection);
    }

    private void AppendGaps(LogFileState state)
    {
        using var connection = database.OpenWriter(LogSync.Full);
        LogDatabase.Execute(connection, "BEGIN IMMEDIATE");
        var gaps = (LogDatabase.ReadMeta(connection, "gaps") ?? 0) + 1;
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();

        // A partition goes less than a distance on between two gaps, so that this is beyond all positions even if the last gap is not in
        // the file any more.
        var beyondAll = state == LogFileState.Salvaged ? 2 * gaps * LogGap.Distance : 0;
        for (var partition = 0; partition < database.Partitions; partition++)
        {
            PartitionHead head;
            using (var select = new SqliteStatement(connection, LogDatabase.SelectHead(partition)))
            {
                head = LogDatabase.ReadHead(select);
            }

            var gap = head.Gap(now, beyondAll);
            using var insert = new SqliteStatement(connection, LogDatabase.InsertRecord(partition));
            LogDatabase.WriteRecord(insert, gap, head.BytesThrough + gap.Payload.Length);
        }

        LogDatabase.WriteMeta(connection, "gaps", gaps);
        LogDatabase.WriteMeta(connection, "state", (long)LogFileState.Open);
        LogDatabase.Execute(connection, "COMMIT");
        LogDatabase.CopyBack(connection);
    }
}
