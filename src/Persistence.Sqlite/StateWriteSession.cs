using Microsoft.Data.Sqlite;

namespace OrleansMetrics.Persistence.Sqlite;

/// <summary>
/// The connection that writes, with its statements. Used by the commit thread only. After any exception it must be disposed,
/// which rolls back.
/// </summary>
internal sealed class StateWriteSession : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _begin;
    private readonly SqliteCommand _commit;
    private readonly SqliteCommand _insert;
    private readonly SqliteCommand _update;
    private readonly SqliteCommand _delete;
    private readonly SqliteCommand _selectETag;

    public StateWriteSession(StateDatabase database)
    {
        _connection = database.OpenWriter();
        _begin = Command("BEGIN IMMEDIATE");
        _commit = Command("COMMIT");

        // Each comparison of ETags and the change that hangs on it is one statement.
        _insert = Command("INSERT INTO grain_state VALUES ($service, $grain, $name, $new, $payload) ON CONFLICT DO NOTHING", "$new", "$payload");
        _update = Command(
            """
            UPDATE grain_state SET etag = $new, payload = $payload
            WHERE service_id = $service AND grain_id = $grain AND state_name = $name AND etag = $expected
            """,
            "$new",
            "$payload",
            "$expected");
        _delete = Command(
            "DELETE FROM grain_state WHERE service_id = $service AND grain_id = $grain AND state_name = $name AND etag = $expected", "$expected");
        _selectETag = Command("SELECT etag FROM grain_state WHERE service_id = $service AND grain_id = $grain AND state_name = $name");
    }

    public void Begin() => _begin.ExecuteNonQuery();

    public void Commit() => _commit.ExecuteNonQuery();

    /// <summary>Does the write if the ETag is as expected.</summary>
    public StateWriteResult Do(StateWrite write)
    {
        if (write is { Payload: null, ExpectedETag: null })
        {
            // Clearing what was never there: right if it is still not there.
            var found = StoredETag(write.Key);
            return new StateWriteResult(found is null, found);
        }

        var command = write switch
        {
            { Payload: null } => _delete,
            { ExpectedETag: null } => _insert,
            _ => _update,
        };
        SetKey(command, write.Key);
        Set(command, "$expected", write.ExpectedETag);
        Set(command, "$new", write.NewETag);
        Set(command, "$payload", write.Payload);
        return command.ExecuteNonQuery() == 1 ? new StateWriteResult(true, null) : new StateWriteResult(false, StoredETag(write.Key));
    }

    /// <summary>Copies the write-ahead log into the database file and empties it, as far as no other connection is in the way.</summary>
    public void Checkpoint()
    {
        using var checkpoint = _connection.CreateCommand();
        checkpoint.CommandText = "PRAGMA wal_checkpoint(TRUNCATE)";
        checkpoint.ExecuteNonQuery();
    }

    public void Dispose()
    {
        _begin.Dispose();
        _commit.Dispose();
        _insert.Dispose();
        _update.Dispose();
        _delete.Dispose();
        _selectETag.Dispose();
        _connection.Dispose();
    }

    private static void SetKey(SqliteCommand command, StateKey key)
    {
        Set(command, "$service", key.ServiceId);
        Set(command, "$grain", key.GrainId);
        Set(command, "$name", key.StateName);
    }

    private static void Set(SqliteCommand command, string parameter, object? value)
    {
        if (command.Parameters.Contains(parameter))
        {
            command.Parameters[parameter].Value = value ?? DBNull.Value;
        }
    }

    private string? StoredETag(StateKey key)
    {
        SetKey(_selectETag, key);
        return _selectETag.ExecuteScalar() as string;
    }

    private SqliteCommand Command(string sql, params ReadOnlySpan<string> parameters)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (var name in (ReadOnlySpan<string>)["$service", "$grain", "$name", .. parameters])
        {
            if (sql.Contains(name, StringComparison.Ordinal))
            {
                command.Parameters.Add(new SqliteParameter { ParameterName = name });
            }
        }

        return command;
    }
}
