using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using OrleansMetrics.Streams.PointLog.Sqlite;

namespace OrleansMetrics.Streams.PointLog.Segments;

/// <summary>
/// Takes over a log that lies in a SQLite file: records with their positions, how far they are trimmed, the requests that may be sent again, and what
/// was set aside.
/// </summary>
/// <remarks>
/// The copy is made beside the log's directory and renamed when it is durable, after the file has been renamed. Killed at any moment, the next start does it
/// again or goes on; there is never a moment with neither or with both.
/// </remarks>
public static class SqliteImport
{
    private const int CommitBytes = 4 << 20;

    /// <summary>Imports the file if there is one. The disk needs room for what the log holds.</summary>
    /// <param name="file">The SQLite log. It is kept under a name that ends with <c>.imported</c>.</param>
    /// <param name="directory">The directory of the log of segments.</param>
    /// <param name="partitions">Number of partitions; must be the one that the log was created with.</param>
    /// <param name="options">Bounds and durability.</param>
    /// <param name="time">Clock.</param>
    /// <param name="logger">Told of it.</param>
    /// <exception cref="InvalidOperationException">There are both logs, or the file was created with another number of partitions.</exception>
    /// <exception cref="InvalidDataException">The file is no SQLite database, or damaged beyond repair.</exception>
    public static void Run(string file, string directory, int partitions, PointLogOptions options, TimeProvider time, ILogger logger)
    {
        var copy = directory + ".import";
        if (File.Exists(file))
        {
            if (IsLog(directory))
            {
                throw new InvalidOperationException(
                    $"There are two point logs, '{directory}' and '{file}', and either may hold points that no snapshot has. Move the one away that is not to be used.");
            }

            Delete(copy);
            try
            {
                Copy(file, copy, partitions, options, time, logger);
            }
            catch
            {
                Delete(copy);
                throw;
            }

            SetAside(file);
            SegmentMessages.Imported(logger, file, directory, file + ".imported");
        }
        else if (IsLog(directory) || !IsLog(copy))
        {
            return;
        }

        Delete(directory);
        Directory.Move(copy, directory);
        DirectorySync.Flush(Path.GetDirectoryName(Path.GetFullPath(directory))!);
    }

    /// <summary>Whether a directory holds a log of segments.</summary>
    public static bool IsLog(string directory) =>
        Directory.Exists(directory) && (File.Exists(new LogFiles(directory).State) || new LogFiles(directory).Segments().Length > 0);

    private static void Copy(string file, string copy, int partitions, PointLogOptions options, TimeProvider time, ILogger logger)
    {
        var database = new LogDatabase(Path.GetFullPath(file), partitions, options);
        var damage = new LogDamage(database.Path, SqliteErrors.IsDamage, logger);

        // Repairs the file, and marks a gap in it, if it was not closed.
        var recovery = new LogRecovery(database, time, damage, logger);
        var presence = recovery.Open();
        try
        {
            SegmentPointLog.Create(copy, partitions, options, time, logger, session => Copy(database, damage, session));
        }
        finally
        {
            recovery.Close(presence);
        }
    }

    private static void Copy(LogDatabase database, LogDamage damage, SegmentSession to)
    {
        using var connection = database.OpenReader();
        using var from = new LogReadSession(database);
        to.ImportHeads([.. Enumerable.Range(0, database.Partitions).Select(from.Head)]);
        for (var partition = 0; partition < database.Partitions; partition++)
        {
            CopyRequests(connection, partition, to);
            CopyRecords(from, partition, damage, to);
        }

        CopySetAside(connection, to);
    }

    private static void CopyRecords(LogReadSession from, int partition, LogDamage damage, SegmentSession to)
    {
        for (var position = from.Head(partition).TrimmedTo; ;)
        {
            var read = from.Read(partition, position, CommitBytes);
            if (read.LostFirst > 0)
            {
                damage.Report(partition, read.LostFirst, read.LostLast);
            }

            if (read.Records.Count == 0)
            {
                return;
            }

            to.Import(partition, read.Records, []);
            position = read.Records[^1].Position;
        }
    }

    private static void CopyRequests(SqliteConnection connection, int partition, SegmentSession to)
    {
        using var select = new SqliteStatement(
            connection, LogDatabase.Invariant($"SELECT position, ingested_at, keys FROM request_keys_{partition} ORDER BY position"));
        var rows = new List<RequestRow>();
        while (select.Step())
        {
            rows.Add(new RequestRow(partition, select.Int64(0), select.Int64(1), select.Blob(2)));
        }

        to.Import(partition, [], rows);
    }

    private static void CopySetAside(SqliteConnection connection, SegmentSession to)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT partition, position, ingested_at, points_through, set_aside_at, reason, payload FROM set_aside";
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            to.SetAside(
                reader.GetInt32(0),
                new LogRecord(reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetFieldValue<byte[]>(6)),
                reader.GetString(5),
                reader.GetInt64(4));
        }
    }

    private static void SetAside(string file)
    {
        // Closed properly, it has no write-ahead log; one that is left belongs to it.
        if (File.Exists(file + "-wal"))
        {
            File.Move(file + "-wal", file + ".imported-wal", overwrite: true);
        }

        File.Move(file, file + ".imported", overwrite: true);
        File.Delete(file + "-shm");
        File.Delete(file + "-lock");
        DirectorySync.Flush(Path.GetDirectoryName(Path.GetFullPath(file))!);
    }

    private static void Delete(string directory)
    {
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
