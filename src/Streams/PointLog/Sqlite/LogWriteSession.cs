using Microsoft.Data.Sqlite;

namespace OrleansMetrics.Streams.PointLog.Sqlite;

/// <summary>
/// The connection that writes, with its statements and what it knows of the partitions' heads and requests.
/// </summary>
internal sealed class LogWriteSession : ILogSession
{
    private readonly PointLogOptions _options;
    private readonly SqliteConnection _connection;
    private readonly SqliteStatement _begin;
    private readonly SqliteStatement _commit;
    private readonly SqliteStatement _rollback;
    private readonly SqliteStatement _dataVersion;
    private readonly SqliteStatement _updateTrim;
    private readonly SqliteStatement _setAside;
    private readonly PartitionStatements?[] _statements;
    private readonly PartitionHead[] _heads;
    private readonly bool[] _headKnown;

    // The requests of partitions that have seen a key; current when what other connections committed is in them.
    private readonly RequestWindow?[] _windows;
    private readonly bool[] _windowCurrent;
    private readonly List<int> _staged = [];

    private readonly CallAdmission _admission;
    private long _knownVersion = -1;

    public LogWriteSession(LogDatabase database, PointLogOptions options, Action<SqliteConnection>? opened)
    {
        _options = options;
        _statements = new PartitionStatements?[database.Partitions];
        _heads = new PartitionHead[database.Partitions];
        _headKnown = new bool[database.Partitions];
        _windows = new RequestWindow?[database.Partitions];
        _windowCurrent = new bool[database.Partitions];
        _admission = new CallAdmission(database.Partitions, options.MaxBytesPerPartition, partition => Head(partition), Window);
        _connection = database.OpenWriter();
        try
        {
            opened?.Invoke(_connection);
            _begin = new SqliteStatement(_connection, "BEGIN IMMEDIATE");
            _commit = new SqliteStatement(_connection, "COMMIT");
            _rollback = new SqliteStatement(_connection, "ROLLBACK");
            _dataVersion = new SqliteStatement(_connection, "PRAGMA data_version");
            _updateTrim = new SqliteStatement(_connection, LogDatabase.UpdateTrim);
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
            Array.Clear(_windowCurrent);
            _knownVersion = version;
        }
    }

    public void Commit()
    {
        foreach (var partition in _staged)
        {
            if (_windows[partition]!.Removable() is > 0 and var position)
            {
                var delete = Statements(partition).DeleteKeys;
                delete.Bind(1, position);
                delete.Execute();
            }
        }

        _commit.Execute();
        foreach (var partition in _staged)
        {
            _windows[partition]!.Commit();
        }

        _staged.Clear();
    }

    /// <inheritdoc/>
    /// <remarks>Only when the disk was full is the connection as good as before.</remarks>
    public bool TryRollback(Exception cause)
    {
        if (!SqliteErrors.IsDiskFull(cause))
        {
            return false;
        }

        try
        {
            Rollback();
            return true;
        }
        catch (SqliteException)
        {
            // Then the session goes, and with it the transaction.
            return false;
        }
    }

    /// <inheritdoc/>
    public bool Admit(IReadOnlyList<LogAppend> appends, long now) => _admission.Admit(appends, now);

    /// <inheritdoc/>
    public LogRecord Append(LogAppend append, long now)
    {
        ref var head = ref Head(append.Partition);
        var record = head.Next(append, now);
        var statements = Statements(append.Partition);
        LogDatabase.WriteRecord(statements.Insert, record, head.BytesThrough + append.Payload.Length);
        head.MoveTo(record);
        if (append.Keys.Count > 0)
        {
            if (!_staged.Contains(append.Partition))
            {
                _staged.Add(append.Partition);
            }

            var keys = _windows[append.Partition]!.Stage(record.Position, record.IngestedAt, append.Keys);
            statements.InsertKeys.Bind(1, record.Position);
            statements.InsertKeys.Bind(2, record.IngestedAt);
            statements.InsertKeys.Bind(3, keys);
            statements.InsertKeys.Execute();
        }

        return record;
    }

    /// <inheritdoc/>
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
            LogDatabase.WriteTrim(_updateTrim, partition, trimmed);
        }

        Commit();
        if (rows > 0)
        {
            head.TrimmedTo = trimmed.Position;
            head.BytesTrimmed = trimmed.BytesThrough;
        }

        return rows < _options.TrimChunkRecords;
    }

    /// <inheritdoc/>
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

    /// <inheritdoc/>
    /// <remarks>Copies the write-ahead log into the database file and empties it, as far as no other connection is in the way.</remarks>
    public void Close() => LogDatabase.CopyBack(_connection);

    public void Dispose()
    {
        foreach (var statements in _statements)
        {
            statements?.Dispose();
        }

        _begin.Dispose();
        _commit.Dispose();
        _rollback.Dispose();
        _dataVersion.Dispose();
        _updateTrim.Dispose();
        _setAside.Dispose();
        _connection.Dispose();
    }

    private void Rollback()
    {
        Array.Clear(_headKnown);
        _admission.Reset();
        foreach (var partition in _staged)
        {
            _windows[partition]!.Rollback();
        }

        _staged.Clear();

        // SQLite ends the transaction by itself after some errors.
        if (SQLitePCL.raw.sqlite3_get_autocommit(_connection.Handle) == 0)
        {
            _rollback.Execute();
        }
    }

    private RequestWindow Window(int partition)
    {
        var window = _windows[partition] ??= new RequestWindow(_options.DuplicateWindow, _options.MaxRequestKeysPerPartition);
        if (!_windowCurrent[partition])
        {
            var select = Statements(partition).SelectKeys;
            try
            {
                select.Bind(1, window.Position);
                while (select.Step())
                {
                    window.Load(select.Int64(0), select.Int64(1), select.BlobSpan(2));
                }
            }
            finally
            {
                select.Reset();
            }

            _windowCurrent[partition] = true;
        }

        return window;
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
        private SqliteStatement? _selectHead;
        private SqliteStatement? _insert;
        private SqliteStatement? _selectOldest;
        private SqliteStatement? _delete;
        private SqliteStatement? _selectKeys;
        private SqliteStatement? _insertKeys;
        private SqliteStatement? _deleteKeys;

        public SqliteStatement SelectHead => _selectHead ??= new(connection, LogDatabase.SelectHead(partition));

        public SqliteStatement Insert => _insert ??= new(connection, LogDatabase.InsertRecord(partition));

        public SqliteStatement SelectOldest => _selectOldest ??= Prepare(
            $"""
            SELECT position, ingested_at, points_through, bytes_through FROM records_{partition}
            WHERE position <= ?1 ORDER BY position LIMIT ?2
            """);

        public SqliteStatement Delete => _delete ??= Prepare($"DELETE FROM records_{partition} WHERE position <= ?1");

        public SqliteStatement SelectKeys => _selectKeys ??= Prepare(
            $"SELECT position, ingested_at, keys FROM request_keys_{partition} WHERE position > ?1 ORDER BY position");

        public SqliteStatement InsertKeys => _insertKeys ??= Prepare($"INSERT INTO request_keys_{partition} VALUES (?1, ?2, ?3)");

        public SqliteStatement DeleteKeys => _deleteKeys ??= Prepare($"DELETE FROM request_keys_{partition} WHERE position <= ?1");

        public void Dispose()
        {
            foreach (var statement in (ReadOnlySpan<SqliteStatement?>)[
                _selectHead, _insert, _selectOldest, _delete, _selectKeys, _insertKeys, _deleteKeys])
            {
                statement?.Dispose();
            }
        }

        private SqliteStatement Prepare(FormattableString sql) => new(connection, LogDatabase.Invariant(sql));
    }
}
