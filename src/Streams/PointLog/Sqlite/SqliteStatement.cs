using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace OrleansMetrics.Streams.PointLog.Sqlite;

/// <summary>
/// A statement prepared once and run many times. Binds spans and reads blobs without the copies and the per-execution objects
/// of a <see cref="SqliteCommand"/>. Used by one thread at a time.
/// </summary>
internal sealed class SqliteStatement : IDisposable
{
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;

    public SqliteStatement(SqliteConnection connection, string sql)
    {
        _database = connection.Handle ?? throw new InvalidOperationException("The connection is closed.");
        var code = raw.sqlite3_prepare_v2(_database, sql, out _statement);
        if (code != raw.SQLITE_OK)
        {
            throw Error(code);
        }
    }

    public void Bind(int parameter, long value) => raw.sqlite3_bind_int64(_statement, parameter, value);

    public void Bind(int parameter, string value) => raw.sqlite3_bind_text(_statement, parameter, value);

    public void Bind(int parameter, ReadOnlySpan<byte> value)
    {
        var code = raw.sqlite3_bind_blob(_statement, parameter, value);
        if (code != raw.SQLITE_OK)
        {
            throw Error(code);
        }
    }

    /// <summary>Binds what another statement has in a column of its row.</summary>
    public void Copy(int parameter, SqliteStatement from, int column)
    {
        switch (raw.sqlite3_column_type(from._statement, column))
        {
            case raw.SQLITE_INTEGER:
                Bind(parameter, from.Int64(column));
                break;
            case raw.SQLITE_TEXT:
                Bind(parameter, raw.sqlite3_column_text(from._statement, column).utf8_to_string());
                break;
            case raw.SQLITE_BLOB:
                Bind(parameter, from.BlobSpan(column));
                break;
            default:
                raw.sqlite3_bind_null(_statement, parameter);
                break;
        }
    }

    /// <summary>Moves to the next row; false after the last. <see cref="Reset"/> must follow.</summary>
    /// <exception cref="SqliteException">The store refused.</exception>
    public bool Step()
    {
        var code = raw.sqlite3_step(_statement);
        return code switch
        {
            raw.SQLITE_ROW => true,
            raw.SQLITE_DONE => false,
            _ => throw Error(code),
        };
    }

    /// <summary>Runs the statement to its end.</summary>
    /// <exception cref="SqliteException">The store refused.</exception>
    public void Execute()
    {
        try
        {
            while (Step())
            {
            }
        }
        finally
        {
            Reset();
        }
    }

    /// <summary>The first column of the first row as a number.</summary>
    /// <exception cref="SqliteException">The store refused.</exception>
    public long ReadInt64()
    {
        try
        {
            return Step() ? Int64(0) : throw new InvalidOperationException("The statement answered without a row.");
        }
        finally
        {
            Reset();
        }
    }

    public long Int64(int column) => raw.sqlite3_column_int64(_statement, column);

    public bool IsNull(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_NULL;

    /// <summary>False for a column whose row is damaged in a way that SQLite reads as another type.</summary>
    public bool IsInteger(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_INTEGER;

    /// <inheritdoc cref="IsInteger"/>
    public bool IsBlob(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_BLOB;

    /// <summary>Valid until the next step.</summary>
    public ReadOnlySpan<byte> BlobSpan(int column) => raw.sqlite3_column_blob(_statement, column);

    public byte[] Blob(int column) => raw.sqlite3_column_blob(_statement, column).ToArray();

    /// <summary>Ends the execution, so that its read lock goes. The error of the execution, if any, was thrown by <see cref="Step"/>.</summary>
    public void Reset() => raw.sqlite3_reset(_statement);

    public void Dispose() => _statement.Dispose();

    private SqliteException Error(int code)
    {
        var extended = raw.sqlite3_extended_errcode(_database);
        return new SqliteException($"SQLite error {code}: {raw.sqlite3_errmsg(_database).utf8_to_string()}", code, extended);
    }
}
