using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace OrleansMetrics.Persistence.Sqlite;

/// <summary>The connections that read, bounded in number, each read on a pool thread.</summary>
internal sealed class StateReaders(StateDatabase database, int maxConcurrentReads) : IAsyncDisposable
{
    private readonly SemaphoreSlim _slots = new(maxConcurrentReads);
    private readonly ConcurrentBag<SqliteCommand> _idle = [];
    private volatile bool _closed;

    /// <summary>ETag and payload of a state; null when there is no record.</summary>
    public async Task<(string ETag, byte[] Payload)?> ReadAsync(StateKey key, CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_closed, typeof(SqliteGrainStorage));
            return await Task.Run(() => Read(key), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _slots.Release();
        }
    }

    /// <summary>Takes no more reads, waits for those that run, and closes the connections.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_closed)
        {
            return;
        }

        _closed = true;
        for (var i = 0; i < maxConcurrentReads; i++)
        {
            await _slots.WaitAsync().ConfigureAwait(false);
        }

        // Reads that still wait for a slot find the store closed.
        _slots.Release(maxConcurrentReads);
        while (_idle.TryTake(out var select))
        {
            Close(select);
        }
    }

    private static void Close(SqliteCommand select)
    {
        var connection = select.Connection;
        select.Dispose();
        connection?.Dispose();
    }

    private (string ETag, byte[] Payload)? Read(StateKey key)
    {
        if (!_idle.TryTake(out var select))
        {
            select = Open();
        }

        try
        {
            select.Parameters["$service"].Value = key.ServiceId;
            select.Parameters["$grain"].Value = key.GrainId;
            select.Parameters["$name"].Value = key.StateName;
            (string, byte[])? found = null;
            using (var reader = select.ExecuteReader())
            {
                if (reader.Read())
                {
                    found = (reader.GetString(0), reader.GetFieldValue<byte[]>(1));
                }
            }

            _idle.Add(select);
            return found;
        }
        catch
        {
            Close(select);
            throw;
        }
    }

    private SqliteCommand Open()
    {
        var select = database.OpenReader().CreateCommand();
        select.CommandText = "SELECT etag, payload FROM grain_state WHERE service_id = $service AND grain_id = $grain AND state_name = $name";
        select.Parameters.Add(new SqliteParameter { ParameterName = "$service" });
        select.Parameters.Add(new SqliteParameter { ParameterName = "$grain" });
        select.Parameters.Add(new SqliteParameter { ParameterName = "$name" });
        return select;
    }
}
