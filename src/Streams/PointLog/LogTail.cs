namespace OrleansMetrics.Streams.PointLog;

/// <summary>The newest records that this process committed to one partition, contiguous, bounded in bytes. Any thread.</summary>
internal sealed class LogTail(long maxBytes)
{
    private readonly Lock _lock = new();
    private LogRecord[] _records = new LogRecord[16];
    private int _first;
    private int _count;
    private long _bytes;

    /// <summary>Adds a record just committed. One that does not follow the last (another process appended in between) starts anew.</summary>
    public void Add(LogRecord record)
    {
        lock (_lock)
        {
            if (_count > 0 && record.Position != At(_count - 1).Position + 1)
            {
                RemoveFirst(_count);
            }

            if (_count == _records.Length)
            {
                Grow();
            }

            _records[(_first + _count) % _records.Length] = record;
            _count++;
            _bytes += record.Payload.Length;
            while (_bytes > maxBytes)
            {
                RemoveFirst(1);
            }
        }
    }

    /// <summary>The records after a position; null when the tail does not hold the very next one.</summary>
    public LogRecord[]? Read(long after, int maxBytes)
    {
        lock (_lock)
        {
            if (_count == 0)
            {
                return null;
            }

            var skip = after + 1 - At(0).Position;
            if (skip < 0 || skip >= _count)
            {
                return null;
            }

            var from = (int)skip;
            var to = from + 1;
            long bytes = At(from).Payload.Length;
            while (to < _count && (bytes += At(to).Payload.Length) <= maxBytes)
            {
                to++;
            }

            var records = new LogRecord[to - from];
            for (var i = from; i < to; i++)
            {
                records[i - from] = At(i);
            }

            return records;
        }
    }

    /// <summary>Forgets the records at or below a position.</summary>
    public void Trim(long upTo)
    {
        lock (_lock)
        {
            while (_count > 0 && At(0).Position <= upTo)
            {
                RemoveFirst(1);
            }
        }
    }

    private LogRecord At(int index) => _records[(_first + index) % _records.Length];

    private void RemoveFirst(int count)
    {
        for (; count > 0; count--)
        {
            _bytes -= _records[_first].Payload.Length;
            _records[_first] = default;
            _first = (_first + 1) % _records.Length;
            _count--;
        }
    }

    private void Grow()
    {
        var larger = new LogRecord[_records.Length * 2];
        for (var i = 0; i < _count; i++)
        {
            larger[i] = At(i);
        }

        _records = larger;
        _first = 0;
    }
}
