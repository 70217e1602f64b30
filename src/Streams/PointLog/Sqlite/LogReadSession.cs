using System.Globalization;
using Microsoft.Data.Sqlite;

namespace OrleansMetrics.Streams.PointLog.Sqlite;

/// <summary>A connection that reads, with its statements. Used by one thread at a time; to be disposed after an exception.</summary>
internal sealed class LogReadSession(LogDatabase database) : IDisposable
{
    private readonly SqliteConnection _connection = database.OpenReader();
    private readonly SqliteStatement?[] _selectHead = new SqliteStatement?[database.Partitions];
    private readonly SqliteStatement?[] _selectRecords = new SqliteStatement?[database.Partitions];
    private SqliteStatement? _dataVersion;

    /// <summary>A number that changes whenever another connection commits, whichever process it is in.</summary>
    public long DataVersion() => (_dataVersion ??= new SqliteStatement(_connection, "PRAGMA data_version")).ReadInt64();

    public PartitionHead Head(int partition) =>
        LogDatabase.ReadHead(_selectHead[partition] ??= new SqliteStatement(_connection, LogDatabase.SelectHead(partition)));

    /// <summary>The records after a position: as many as fit, at least one if there is any.</summary>
    public IReadOnlyList<LogRecord> Read(int partition, long after, int maxBytes)
    {
        var select = _selectRecords[partition] ??= new SqliteStatement(
            _connection,
            string.Create(
                CultureInfo.InvariantCulture,
                $"SELECT position, ingested_at, points_through, payload FROM records_{partition} WHERE position > ?1 ORDER BY position"));
        var records = new List<LogRecord>();
        long bytes = 0;
        try
        {
            select.Bind(1, after);
            while (select.Step())
            {
                var payload = select.Blob(3);
                bytes += payload.Length;
                if (records.Count > 0 && bytes > maxBytes)
                {
                    break;
                }

                records.Add(new LogRecord(select.Int64(0), select.Int64(1), select.Int64(2), payload));
                if (bytes >= maxBytes)
                {
                    break;
                }
            }
        }
        finally
        {
            select.Reset();
        }

        return records;
    }

    public void Dispose()
    {
        foreach (var statement in _selectHead)
        {
            statement?.Dispose();
        }

        foreach (var statement in _selectRecords)
        {
            statement?.Dispose();
        }

        _dataVersion?.Dispose();
        _connection.Dispose();
    }
}
