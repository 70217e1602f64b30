namespace OrleansMetrics.Streams.PointLog.Segments;

/// <summary>Reads records. Used by one thread at a time.</summary>
internal sealed class SegmentReader(SegmentStore store) : IDisposable
{
    private const int MaxAttempts = 1000;
    private readonly List<(long Position, RecordLocation Location)> _found = [];

    /// <summary>
    /// The records after a position: as many as fit, at least one if there is any. A read ends before a record that is damaged; one that
    /// begins with damage goes on after it.
    /// </summary>
    public LogRead Read(int partition, long after, int maxBytes)
    {
        var records = new List<LogRecord>();
        var position = after;
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            _found.Clear();
            store.Index[partition].Find(position, maxBytes, _found);
            if (_found.Count == 0 || ReadFound(partition, records, ref position))
            {
                return position == after ? new LogRead(records) : new LogRead(records, after + 1, position);
            }
        }

        throw new IOException($"Records of partition {partition} after position {position} are in a segment that is gone.");
    }

    public void Dispose()
    {
    }

    /// <summary>False when what was found has been moved or trimmed meanwhile, or was damaged: to be looked for again after the position.</summary>
    private bool ReadFound(int partition, List<LogRecord> records, ref long position)
    {
        foreach (var (next, location) in _found)
        {
            if (!TryRead(partition, next, location, out var record))
            {
                return records.Count > 0;
            }

            if (record is null)
            {
                if (records.Count > 0)
                {
                    return true;
                }

                position = next;
                continue;
            }

            records.Add(record.Value);
        }

        return records.Count > 0;
    }

    private bool TryRead(int partition, long position, RecordLocation location, out LogRecord? record)
    {
        record = null;
        if (!store.Segments.TryGetValue(location.Segment, out var segment))
        {
            return false;
        }

        try
        {
            record = segment.ReadRecord(partition, position, location);
            return true;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }
}
