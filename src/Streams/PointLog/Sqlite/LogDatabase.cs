using System.Globalization;
using Microsoft.Data.Sqlite;

namespace OrleansMetrics.Streams.PointLog.Sqlite;

/// <summary>
/// The file: how connections to it are set up, its schema, and its statements.
/// </summary>
/// <remarks>
/// Schema 2. <c>meta(key, value)</c> holds <c>schema_version</c>, <c>partitions</c>, <c>state</c> (<see cref="LogFileState"/>) and <c>gaps</c>, how
/// often a <see cref="LogGap"/> was appended to every partition. <c>records_{p}(position, ingested_at,
/// points_through, bytes_through, payload)</c> holds the log of partition p; the <c>_through</c> columns are sums since its first
/// record, so that an append changes no other row. <c>request_keys_{p}(position, ingested_at, keys)</c> has the
/// <see cref="RequestKey"/>s that came with a record, one after another; it outlives the record.
/// <c>trims(partition, position, ingested_at, points_through, bytes_through)</c>
/// holds the last record removed, which is the head of an empty log. <c>set_aside</c> holds unreadable records.
/// <para>
/// A table per partition, because each then grows at its right edge; one table for all costs 1.5 to 1.9 times the CPU per append, since
/// every insert lands in the middle of the tree and splits it. 16 KiB pages cost a third less than 4 KiB ones at 64 KB a record.
/// </para>
/// </remarks>
internal sealed class LogDatabase(string path, int partitions, PointLogOptions options)
{
    /// <summary>Sets the last record removed from a partition; see <see cref="WriteTrim"/>.</summary>
    public const string UpdateTrim = "UPDATE trims SET position = ?2, ingested_at = ?3, points_through = ?4, bytes_through = ?5 WHERE partition = ?1";

    private const int SchemaVersion = 2;
    private const int PageBytes = 16 * 1024;
    private const int OpenAttempts = 200;

    public int Partitions { get; } = partitions;

    public string Path { get; } = path;

    /// <summary>Opens a connection that writes. The write-ahead log is copied back by the commits on it.</summary>
    public SqliteConnection OpenWriter() => OpenWriter(options.Sync);

    /// <summary>Opens a connection that writes with another durability than the log's own.</summary>
    public SqliteConnection OpenWriter(LogSync sync)
    {
        var connection = Open(SqliteOpenMode.ReadWrite);
        Execute(connection, sync == LogSync.Full ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
        Execute(connection, Invariant($"PRAGMA wal_autocheckpoint={options.CheckpointBytes / PageBytes}"));
        Execute(connection, Invariant($"PRAGMA journal_size_limit={options.CheckpointBytes * 2}"));
        Execute(connection, "PRAGMA cache_size=-16384");
        return connection;
    }

    /// <summary>Opens a connection that only reads.</summary>
    public SqliteConnection OpenReader()
    {
        var connection = Open(SqliteOpenMode.ReadWrite);
        Execute(connection, "PRAGMA query_only=1");
        return connection;
    }

    /// <summary>The same file format at another path.</summary>
    public LogDatabase At(string otherPath) => new(otherPath, Partitions, options);

    /// <summary>Creates file and schema, or checks that the file has it for this number of partitions; returns how the file was left.</summary>
    /// <exception cref="InvalidOperationException">Another number of partitions, or a schema that this version does not know.</exception>
    /// <exception cref="InvalidDataException">The file is no SQLite database.</exception>
    public LogFileState CreateOrVerify()
    {
        try
        {
            using var connection = Open(SqliteOpenMode.ReadWriteCreate);
            Execute(connection, Invariant($"PRAGMA page_size={PageBytes}"));
            UseWriteAheadLog(connection);
            Execute(connection, "BEGIN IMMEDIATE");
            if (!HasTables(connection))
            {
                Create(connection);
            }

            VerifyVersion(RequireMeta(connection, "schema_version"));
            VerifyPartitions(RequireMeta(connection, "partitions"));
            var state = (LogFileState)RequireMeta(connection, "state");
            Execute(connection, "COMMIT");
            return state;
        }
        catch (SqliteException exception) when (exception.SqliteErrorCode == SQLitePCL.raw.SQLITE_NOTADB)
        {
            throw new InvalidDataException($"The point log '{Path}' is not a SQLite database.", exception);
        }
    }

    /// <summary>Selects position, ingested_at, points_through, bytes_through of the last record removed and then of the last record held (null: none).</summary>
    public static string SelectHead(int partition) => Invariant(
        $"""
        SELECT t.position, t.ingested_at, t.points_through, t.bytes_through, r.position, r.ingested_at, r.points_through, r.bytes_through
        FROM trims t LEFT JOIN
            (SELECT position, ingested_at, points_through, bytes_through FROM records_{partition} ORDER BY position DESC LIMIT 1) r
        WHERE t.partition = {partition}
        """);

    /// <summary>The head that a statement of <see cref="SelectHead"/> finds.</summary>
    public static PartitionHead ReadHead(SqliteStatement selectHead)
    {
        try
        {
            if (!selectHead.Step())
            {
                throw new InvalidDataException("The point log has no row for a partition.");
            }

            var last = selectHead.IsNull(4) ? 0 : 4;
            return new PartitionHead
            {
                TrimmedTo = selectHead.Int64(0),
                BytesTrimmed = selectHead.Int64(3),
                Position = selectHead.Int64(last),
                IngestedAt = selectHead.Int64(last + 1),
                PointsThrough = selectHead.Int64(last + 2),
                BytesThrough = selectHead.Int64(last + 3),
            };
        }
        finally
        {
            selectHead.Reset();
        }
    }

    /// <summary>Runs a statement of <see cref="UpdateTrim"/>.</summary>
    public static void WriteTrim(SqliteStatement updateTrim, int partition, in PartitionHead trimmed)
    {
        updateTrim.Bind(1, partition);
        updateTrim.Bind(2, trimmed.Position);
        updateTrim.Bind(3, trimmed.IngestedAt);
        updateTrim.Bind(4, trimmed.PointsThrough);
        updateTrim.Bind(5, trimmed.BytesThrough);
        updateTrim.Execute();
    }

    /// <summary>Inserts a record into a partition; see <see cref="WriteRecord"/>.</summary>
    public static string InsertRecord(int partition) => Invariant($"INSERT INTO records_{partition} VALUES (?1, ?2, ?3, ?4, ?5)");

    /// <summary>Runs a statement of <see cref="InsertRecord"/>.</summary>
    public static void WriteRecord(SqliteStatement insertRecord, in LogRecord record, long bytesThrough)
    {
        insertRecord.Bind(1, record.Position);
        insertRecord.Bind(2, record.IngestedAt);
        insertRecord.Bind(3, record.PointsThrough);
        insertRecord.Bind(4, bytesThrough);
        insertRecord.Bind(5, record.Payload.Span);
        insertRecord.Execute();
    }

    /// <summary>A statement with numbers in it.</summary>
    public static string Invariant(FormattableString sql) => sql.ToString(CultureInfo.InvariantCulture);

    /// <summary>Runs a statement once.</summary>
    public static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>A number of the file as a whole; null when it has none of this name.</summary>
    public static long? ReadMeta(SqliteConnection connection, string key)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT value FROM meta WHERE key = $key";
        command.Parameters.AddWithValue("$key", key);
        return command.ExecuteScalar() as long?;
    }

    /// <summary>Sets a number of the file as a whole.</summary>
    public static void WriteMeta(SqliteConnection connection, string key, long value)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "INSERT OR REPLACE INTO meta(key, value) VALUES ($key, $value)";
        command.Parameters.AddWithValue("$key", key);
        command.Parameters.AddWithValue("$value", value);
        command.ExecuteNonQuery();
    }

    /// <summary>Copies the write-ahead log into the database file and empties it, as far as no other connection is in the way.</summary>
    public static void CopyBack(SqliteConnection connection) => Execute(connection, "PRAGMA wal_checkpoint(TRUNCATE)");

    private static bool HasTables(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM sqlite_schema";
        return command.ExecuteScalar() is not 0L;
    }

    // A row that is not found although the file was created with it is damage like any other.
    private static long RequireMeta(SqliteConnection connection, string key) =>
        ReadMeta(connection, key) ?? throw new SqliteException($"The point log has no '{key}'.", SQLitePCL.raw.SQLITE_CORRUPT);

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
            catch (SqliteException exception) when (exception.SqliteErrorCode == SQLitePCL.raw.SQLITE_BUSY && attempt < OpenAttempts)
            {
                Thread.Sleep(10);
            }
        }
    }

    private void VerifyVersion(long version)
    {
        if (version != SchemaVersion)
        {
            throw new InvalidOperationException(
                $"The point log '{Path}' has schema version {version}; this version of OrleansMetrics knows version {SchemaVersion}.");
        }
    }

    private void VerifyPartitions(long partitions)
    {
        if (partitions != Partitions)
        {
            throw new InvalidOperationException(
                $"The point log '{Path}' was created with {partitions} partitions and cannot be opened with {Partitions}: " +
                "the number of partitions is fixed when a cluster is created.");
        }
    }

    private void Create(SqliteConnection connection)
    {
        Execute(connection, "CREATE TABLE meta(key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID");
        WriteMeta(connection, "schema_version", SchemaVersion);
        WriteMeta(connection, "partitions", Partitions);
        WriteMeta(connection, "state", (long)LogFileState.Closed);
        WriteMeta(connection, "gaps", 0);
        Execute(
            connection,
            """
            CREATE TABLE trims(partition INTEGER PRIMARY KEY, position INTEGER NOT NULL, ingested_at INTEGER NOT NULL,
                points_through INTEGER NOT NULL, bytes_through INTEGER NOT NULL)
            """);
        Execute(
            connection,
            """
            CREATE TABLE set_aside(partition INTEGER NOT NULL, position INTEGER NOT NULL, ingested_at INTEGER NOT NULL,
                points_through INTEGER NOT NULL, set_aside_at INTEGER NOT NULL, reason TEXT NOT NULL, payload BLOB NOT NULL,
                PRIMARY KEY(partition, position))
            """);
        for (var partition = 0; partition < Partitions; partition++)
        {
            Execute(connection, Invariant($"INSERT INTO trims VALUES ({partition}, 0, 0, 0, 0)"));
            Execute(
                connection,
                Invariant(
                    $"""
                    CREATE TABLE records_{partition}(position INTEGER PRIMARY KEY, ingested_at INTEGER NOT NULL,
                        points_through INTEGER NOT NULL, bytes_through INTEGER NOT NULL, payload BLOB NOT NULL)
                    """));
            Execute(
                connection,
                Invariant(
                    $"CREATE TABLE request_keys_{partition}(position INTEGER PRIMARY KEY, ingested_at INTEGER NOT NULL, keys BLOB NOT NULL)"));
        }
    }

    private SqliteConnection Open(SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = Path,
            Mode = mode,
            Pooling = false,
            DefaultTimeout = Math.Max(1, (int)options.BusyTimeout.TotalSeconds),
        }.ConnectionString);
        try
        {
            connection.Open();
            SQLitePCL.raw.sqlite3_busy_timeout(connection.Handle, (int)options.BusyTimeout.TotalMilliseconds);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
