using System.Globalization;
using Microsoft.Data.Sqlite;

namespace OrleansMetrics.Streams.PointLog.Sqlite;

/// <summary>
/// The connection that writes, with its statements and what it knows of the partitions' heads. Used by the commit thread only.
/// After any exception it must be disposed, which rolls back.
/// </summary>
internal sealed class LogWriteSession : IDisposable
{
    private readonly PointLogOptions _options;
    private readonly SqliteConnection _connection;
    private readonly SqliteStatement _begin;
    private readonly SqliteStatement _commit;
    private readonly SqliteStatement _dataVersion;
    private readonly SqliteStatement _updateTrim;
    private readonly SqliteStatement _setAside;
    private readonly PartitionStatements?[] _statements;
    private readonly PartitionHead[] _heads;
    private readonly bool[] _headKnown;
    private long _knownVersion = -1;

    public LogWriteSession(LogDatabase database, PointLogOptions options)
    {
        _options = options;
        _statements = new PartitionStatements?[database.Partitions];
        _heads = new PartitionHead[database.Partitions];
        _headKnown = new bool[database.Partitions];
        _connection = database.OpenWriter();
        try
        {
            _begin = new SqliteStatement(_connection, "BEGIN IMMEDIATE");
            _commit = new SqliteStatement(_connection, "COMMIT");
            _dataVersion = new SqliteStatement(_connection, "PRAGMA data_version");
            _updateTrim = new SqliteStatement(
                _connection,
                "UPDATE trims SET position = ?2, ingested_at = ?3, points_through = ?4, bytes_through = ?5 WHERE partition = ?1");
            _setAside = new SqliteStatement(_connection, "INSERT OR IGNORE INTO set_aside VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
        }
        catch
        {
            _connection.Dispose();
            throw;
        }
    }

    /// <summary>Starts a transaction that may write. What another connection has committed in between is noticed here.</summary>
    public void Begin()
    {
        _begin.Execute();
        var version = _dataVersion.ReadInt64();
        if (version != _knownVersion)
        {
            Array.Clear(_headKnown);
            _knownVersion = version;
        }
    }

    public void Commit() => _commit.Execute();

    /// <summary>Inserts the next record of a partition; null, and nothing inserted, when that would exceed the byte bound.</summary>
    public LogRecord? Append(LogAppend append, long now)
    {
        ref var head = ref Head(append.Partition);
        if (head.BytesHeld + append.Payload.Length > _options.MaxBytesPerPartition)
        {
            return null;
        }

        var record = new LogRecord(
            head.Position + 1, Math.Max(now, head.IngestedAt), head.PointsThrough + append.Points, append.Payload);
        var bytesThrough = head.BytesThrough + append.Payload.Length;
        var insert = Statements(append.Partition).Insert;
        insert.Bind(1, record.Position);
        insert.Bind(2, record.IngestedAt);
        insert.Bind(3, record.PointsThrough);
        insert.Bind(4, bytesThrough);
        insert.Bind(5, append.Payload.Span);
        insert.Execute();
        head.Position = record.Position;
        head.IngestedAt = record.IngestedAt;
        head.PointsThrough = record.PointsThrough;
        head.BytesThrough = bytesThrough;
        return record;
    }

    /// <summary>Removes the oldest records at or below a position, as many as a chunk holds, in a transaction; true when none is left.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The position is beyond the head. The session stays usable.</exception>
    public bool TrimChunk(int partition, long upTo)
    {
        Begin();
        ref var head = ref Head(partition);
        if (upTo > head.Position)
        {
            Commit();
            throw new ArgumentOutOfRangeException(
                nameof(upTo), upTo, $"Partition {partition} cannot be trimmed beyond its head, which is {head.Position}.");
        }

        var statements = Statements(partition);
        var trimmed = head;
        var rows = 0;
        statements.SelectOldest.Bind(1, upTo);
        statements.SelectOldest.Bind(2, _options.TrimChunkRecords);
        try
        {
            for (; statements.SelectOldest.Step(); rows++)
            {
                trimmed.Position = statements.SelectOldest.Int64(0);
                trimmed.IngestedAt = statements.SelectOldest.Int64(1);
                trimmed.PointsThrough = statements.SelectOldest.Int64(2);
                trimmed.BytesThrough = statements.SelectOldest.Int64(3);
            }
        }
        finally
        {
            statements.SelectOldest.Reset();
        }

        if (rows > 0)
        {
            statements.Delete.Bind(1, trimmed.Position);
            statements.Delete.Execute();
            _updateTrim.Bind(1, partition);
            _updateTrim.Bind(2, trimmed.Position);
            _updateTrim.Bind(3, trimmed.IngestedAt);
            _updateTrim.Bind(4, trimmed.PointsThrough);
            _updateTrim.Bind(5, trimmed.BytesThrough);
            _updateTrim.Execute();
        }

        Commit();
        if (rows > 0)
        {
            head.TrimmedTo = trimmed.Position;
            head.BytesTrimmed = trimmed.BytesThrough;
        }

        return rows < _options.TrimChunkRecords;
    }

    /// <summary>Keeps a record outside the log, in a transaction; nothing when it is kept already.</summary>
    public void SetAside(int partition, LogRecord record, string reason, long now)
    {
        Begin();
        _setAside.Bind(1, partition);
        _setAside.Bind(2, record.Position);
        _setAside.Bind(3, record.IngestedAt);
        _setAside.Bind(4, record.PointsThrough);
        _setAside.Bind(5, now);
        _setAside.Bind(6, reason);
        _setAside.Bind(7, record.Payload.Span);
        _setAside.Execute();
        Commit();
    }

    /// <summary>Copies the write-ahead log into the database file and empties it, as far as no other connection is in the way.</summary>
    public void Checkpoint()
    {
        using var checkpoint = new SqliteStatement(_connection, "PRAGMA wal_checkpoint(TRUNCATE)");
        checkpoint.Execute();
    }

    public void Dispose()
    {
        foreach (var statements in _statements)
        {
            statements?.Dispose();
        }

        _begin.Dispose();
        _commit.Dispose();
        _dataVersion.Dispose();
        _updateTrim.Dispose();
        _setAside.Dispose();
        _connection.Dispose();
    }

    private ref PartitionHead Head(int partition)
    {
        if (!_headKnown[partition])
        {
            _heads[partition] = LogDatabase.ReadHead(Statements(partition).SelectHead);
            _headKnown[partition] = true;
        }

        return ref _heads[partition];
    }

    private PartitionStatements Statements(int partition) => _statements[partition] ??= new PartitionStatements(_connection, partition);

    private sealed class PartitionStatements(SqliteConnection connection, int partition) : IDisposable
    {
        public SqliteStatement SelectHead { get; } = new(connection, LogDatabase.SelectHead(partition));

        public SqliteStatement Insert { get; } = new(connection, Sql($"INSERT INTO records_{partition} VALUES (?1, ?2, ?3, ?4, ?5)"));

        public SqliteStatement SelectOldest { get; } = new(
            connection,
            Sql(
                $"""
                SELECT position, ingested_at, points_through, bytes_through FROM records_{partition}
                WHERE position <= ?1 ORDER BY position LIMIT ?2
                """));

        public SqliteStatement Delete { get; } = new(connection, Sql($"DELETE FROM records_{partition} WHERE position <= ?1"));

        public void Dispose()
        {
            SelectHead.Dispose();
            Insert.Dispose();
            SelectOldest.Dispose();
            Delete.Dispose();
        }

        private static string Sql(FormattableString sql) => sql.ToString(CultureInfo.InvariantCulture);
    }
}
