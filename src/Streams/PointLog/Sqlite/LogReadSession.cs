using Microsoft.Data.Sqlite;

namespace OrleansMetrics.Streams.PointLog.Sqlite;

/// <summary>A connection that reads, with its statements. Used by one thread at a time; to be disposed after an exception.</summary>
internal sealed class LogReadSession : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteStatement?[] _selectHead;
    private readonly SqliteStatement?[] _selectRecords;
    private readonly SqliteStatement?[] _selectPosition;
    private readonly (long Position, long BytesThrough)[] _last;
    private readonly List<long> _bytesThrough = [];
    private SqliteStatement? _dataVersion;
    private bool _skipped;

    /// <param name="database">The file.</param>
    /// <param name="connection">The connection to use and dispose; null: one of its own.</param>
    public LogReadSession(LogDatabase database, SqliteConnection? connection = null)
    {
        _connection = connection ?? database.OpenReader();
        _selectHead = new SqliteStatement?[database.Partitions];
        _selectRecords = new SqliteStatement?[database.Partitions];
        _selectPosition = new SqliteStatement?[database.Partitions];
        _last = new (long, long)[database.Partitions];
    }

    /// <summary>The payload bytes from the first record of the partition through each record of the last <see cref="Read"/>.</summary>
    public IReadOnlyList<long> BytesThrough => _bytesThrough;

    /// <summary>A number that changes whenever another connection commits, whichever process it is in.</summary>
    public long DataVersion() => (_dataVersion ??= new SqliteStatement(_connection, "PRAGMA data_version")).ReadInt64();

    public PartitionHead Head(int partition) =>
        LogDatabase.ReadHead(_selectHead[partition] ??= new SqliteStatement(_connection, LogDatabase.SelectHead(partition)));

    /// <summary>
    /// The records after a position: as many as fit, at least one if there is any. A read ends before a record that is damaged; one that
    /// begins with damage goes on after it.
    /// </summary>
    public LogRead Read(int partition, long after, int maxBytes)
    {
        var records = new List<LogRecord>();
        _skipped = false;
        if (TryRead(partition, after, maxBytes, records) || records.Count > 0)
        {
            return _skipped ? new LogRead(records, after + 1, records.Count > 0 ? records[0].Position - 1 : long.MaxValue) : new LogRead(records);
        }

        // The next record is damaged. Its key can still be found when only its own pages are; otherwise lookups fail as far as the damage goes.
        var lost = after;
        while (true)
        {
            if (!TryFind(partition, lost + 1, out var found))
            {
                var end = EndOfDamage(partition, lost + 1);
                if (end == long.MaxValue)
                {
                    break;
                }

                lost = end - 1;
            }
            else if (found == long.MaxValue)
            {
                break;
            }
            else if (TryRead(partition, found - 1, maxBytes, records) || records.Count > 0)
            {
                // They begin later than what was found when the columns of that are damaged too.
                return new LogRead(records, after + 1, records.Count > 0 ? records[0].Position - 1 : long.MaxValue);
            }
            else
            {
                lost = found;
            }
        }

        return new LogRead(records, after + 1, long.MaxValue);
    }

    public void Dispose()
    {
        foreach (var statement in (ReadOnlySpan<SqliteStatement?>)[.. _selectHead, .. _selectRecords, .. _selectPosition])
        {
            statement?.Dispose();
        }

        _dataVersion?.Dispose();
        _connection.Dispose();
    }

    /// <summary>
    /// False when it ended at a damaged record; the records before that are there. Leaves out damaged ones that come first, if only their
    /// columns are.
    /// </summary>
    private bool TryRead(int partition, long after, int maxBytes, List<LogRecord> records)
    {
        var select = _selectRecords[partition] ??= new SqliteStatement(
            _connection,
            LogDatabase.Invariant(
                $"SELECT position, ingested_at, points_through, bytes_through, payload FROM records_{partition} WHERE position > ?1 ORDER BY position"));
        var last = _last[partition].Position == after ? _last[partition] : (after, -1);
        long bytes = 0;
        _bytesThrough.Clear();
        try
        {
            select.Bind(1, after);
            while (select.Step())
            {
                if (!IsWhole(select, last))
                {
                    if (records.Count > 0)
                    {
                        return false;
                    }

                    _skipped = true;
                    continue;
                }

                bytes += select.BlobSpan(4).Length;
                if (records.Count > 0 && bytes > maxBytes)
                {
                    break;
                }

                _last[partition] = last = (select.Int64(0), select.Int64(3));
                _bytesThrough.Add(last.BytesThrough);
                records.Add(new LogRecord(last.Position, select.Int64(1), select.Int64(2), select.Blob(4)));
                if (bytes >= maxBytes)
                {
                    break;
                }
            }

            return true;
        }
        catch (SqliteException exception) when (SqliteErrors.IsDamage(exception))
        {
            return false;
        }
        finally
        {
            select.Reset();
        }
    }

    /// <summary>
    /// Whether a row's columns are what was written, as far as they show it. A position that leaves some out, but for a gap, although the
    /// bytes follow those of the record before, is not the record's own.
    /// </summary>
    private static bool IsWhole(SqliteStatement row, (long Position, long BytesThrough) last)
    {
        if (row.Int64(0) <= last.Position || !row.IsInteger(1) || !row.IsInteger(2) || !row.IsInteger(3) || !row.IsBlob(4))
        {
            return false;
        }

        var payload = row.BlobSpan(4);
        return row.Int64(0) == last.Position + 1 || row.Int64(3) - payload.Length != last.BytesThrough || LogGap.TryParse(payload, out _);
    }

    /// <summary>The lowest position from which a lookup works, given one from which it does not; <see cref="long.MaxValue"/> when there is none.</summary>
    private long EndOfDamage(int partition, long low)
    {
        var high = low;
        for (var step = 1L; !TryFind(partition, high, out _); step *= 2)
        {
            if (high == long.MaxValue)
            {
                return long.MaxValue;
            }

            low = high;
            high = step > long.MaxValue - low ? long.MaxValue : low + step;
        }

        while (high - low > 1)
        {
            var middle = low + ((high - low) / 2);
            if (TryFind(partition, middle, out _))
            {
                high = middle;
            }
            else
            {
                low = middle;
            }
        }

        return high;
    }

    /// <summary>Looks for the first record at or after a position, <see cref="long.MaxValue"/> when there is none; false when damage is in the way.</summary>
    private bool TryFind(int partition, long from, out long found)
    {
        var select = _selectPosition[partition] ??= new SqliteStatement(
            _connection,
            LogDatabase.Invariant($"SELECT position FROM records_{partition} WHERE position >= ?1 ORDER BY position LIMIT 1"));
        try
        {
            select.Bind(1, from);
            found = select.Step() ? select.Int64(0) : long.MaxValue;
            return found >= from;
        }
        catch (SqliteException exception) when (SqliteErrors.IsDamage(exception))
        {
            found = 0;
            return false;
        }
        finally
        {
            select.Reset();
        }
    }
}
