using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace OrleansMetrics.Persistence.Sqlite;

/// <summary>The file: its schema and how connections to it are set up.</summary>
/// <remarks>
/// Schema 1, in <c>PRAGMA user_version</c>: <c>grain_state(service_id, grain_id, state_name, etag, payload)</c>, unique in its first three
/// columns.
/// </remarks>
internal sealed class StateDatabase(SqliteGrainStorageOptions options)
{
    private const int SchemaVersion = 1;
    private const int PageBytes = 16 * 1024;
    private const int OpenAttempts = 200;
    private readonly string _path = System.IO.Path.GetFullPath(options.Path);

    public string Path => _path;

    /// <summary>Creates file and schema, or checks that the file has them.</summary>
    /// <exception cref="InvalidOperationException">The file's schema is of a version that this one does not know.</exception>
    /// <exception cref="InvalidDataException">The file is no SQLite database.</exception>
    public void CreateOrVerify()
    {
        try
        {
            CreateOrVerifySchema();
        }
        catch (SqliteException exception) when (exception.SqliteErrorCode == SQLitePCL.raw.SQLITE_NOTADB)
        {
            throw new InvalidDataException($"The grain state file '{_path}' is not a SQLite database.", exception);
        }
    }

    private void CreateOrVerifySchema()
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(_path)!);
        using var connection = Open();
        Execute(connection, string.Create(CultureInfo.InvariantCulture, $"PRAGMA page_size={PageBytes}"));
        UseWriteAheadLog(connection);
        Execute(connection, "BEGIN IMMEDIATE");
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA user_version";
        var version = (long)command.ExecuteScalar()!;
        if (version is not (0 or SchemaVersion))
        {
            throw new InvalidOperationException(
                $"The grain state file '{_path}' has schema version {version}; this version of OrleansMetrics knows version {SchemaVersion}.");
        }

        if (version == 0)
        {
            Execute(
                connection,
                """
                CREATE TABLE grain_state(service_id TEXT NOT NULL, grain_id TEXT NOT NULL, state_name TEXT NOT NULL,
                    etag TEXT NOT NULL, payload BLOB NOT NULL, UNIQUE(service_id, grain_id, state_name))
                """);
            Execute(connection, string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version={SchemaVersion}"));
        }

        Execute(connection, "COMMIT");
    }

    public SqliteConnection OpenWriter()
    {
        var connection = Open();

        // What the state is made of may be deleted once it is written (a log that is trimmed), so it has to survive power loss.
        Execute(connection, "PRAGMA synchronous=FULL");
        Execute(connection, string.Create(CultureInfo.InvariantCulture, $"PRAGMA wal_autocheckpoint={options.CheckpointBytes / PageBytes}"));
        Execute(connection, string.Create(CultureInfo.InvariantCulture, $"PRAGMA journal_size_limit={options.CheckpointBytes * 2}"));
        return connection;
    }

    public SqliteConnection OpenReader()
    {
        var connection = Open();
        Execute(connection, "PRAGMA query_only=1");
        return connection;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    // Two processes that create the file at the same time meet here: the switch needs the file alone and does not wait for it.
    private static void UseWriteAheadLog(SqliteConnection connection)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                Execute(connection, "PRAGMA journal_mode=WAL");
                return;
            }
            catch (SqliteException exception) when (exception.SqliteErrorCode == raw.SQLITE_BUSY && attempt < OpenAttempts)
            {
                Thread.Sleep(10);
            }
        }
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = _path,
            Pooling = false,
            DefaultTimeout = (int)Math.Ceiling(options.BusyTimeout.TotalSeconds),
        }.ConnectionString);
        try
        {
            connection.Open();

            // SQLite waits by itself, in steps of milliseconds; the client library's own wait, in steps of 150 ms, comes after it.
            raw.sqlite3_busy_timeout(connection.Handle, (int)options.BusyTimeout.TotalMilliseconds);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
