namespace OrleansMetrics.Streams.PointLog;

/// <summary>
/// The requests that a partition's log remembers, as the commit thread knows them. Keys staged by a transaction count at once and are
/// forgotten again when it is rolled back.
/// </summary>
internal sealed class RequestWindow(TimeSpan age, int maxKeys)
{
    private readonly long _ageMilliseconds = (long)age.TotalMilliseconds;

    // Key to the record it came with. A key may be in the queue twice, when it was forgotten in between; the last one counts.
    private readonly Dictionary<RequestKey, long> _known = [];
    private readonly Queue<RequestKey> _keys = [];
    private readonly Queue<Row> _rows = [];
    private readonly List<RequestKey> _stagedKeys = [];
    private readonly List<Row> _stagedRows = [];
    private readonly Queue<long> _forgottenRows = [];
    private int _forgottenOfFirstRow;

    /// <summary>Position of the newest record whose keys are known here.</summary>
    public long Position { get; private set; }

    /// <summary>Position of the oldest record whose keys are remembered, <see cref="long.MaxValue"/> when none are.</summary>
    public long FirstPosition => _rows.TryPeek(out var row) ? row.Position : long.MaxValue;

    /// <summary>Keys remembered.</summary>
    public int Count => _keys.Count;

    /// <summary>Whether the log has the request.</summary>
    public bool Contains(RequestKey key) => _known.ContainsKey(key);

    /// <summary>Takes the keys of a row that is committed.</summary>
    public void Load(long position, long ingestedAt, ReadOnlySpan<byte> keys)
    {
        var count = keys.Length / RequestKey.Length;
        for (var i = 0; i < count; i++)
        {
            var key = RequestKey.Read(keys[(i * RequestKey.Length)..]);
            _known[key] = position;
            _keys.Enqueue(key);
        }

        _rows.Enqueue(new Row(position, ingestedAt, count));
        Position = position;
        ForgetBeyondCount();
    }

    /// <summary>Takes the keys of a record that the transaction under way inserts; the bytes for its row.</summary>
    public byte[] Stage(long position, long ingestedAt, IReadOnlyList<RequestKey> keys)
    {
        var bytes = new byte[keys.Count * RequestKey.Length];
        var count = 0;
        for (var i = 0; i < keys.Count; i++)
        {
            if (_known.TryAdd(keys[i], position))
            {
                _stagedKeys.Add(keys[i]);
                keys[i].WriteTo(bytes.AsSpan(count++ * RequestKey.Length));
            }
        }

        _stagedRows.Add(new Row(position, ingestedAt, count));
        return count == keys.Count ? bytes : bytes[..(count * RequestKey.Length)];
    }

    /// <summary>Forgets what is older than the window.</summary>
    public void Forget(long now)
    {
        while (_rows.TryPeek(out var row) && row.IngestedAt < now - _ageMilliseconds)
        {
            ForgetKeys(row.Count - _forgottenOfFirstRow);
            ForgetFirstRow();
        }
    }

    /// <summary>
    /// Position up to which the rows in the store are of no more use, for the transaction under way; 0 when there are none. Bounded by
    /// the rows staged, so that a transaction does not delete much more than it adds.
    /// </summary>
    public long Removable()
    {
        long position = 0;
        var limit = RemovableRows();
        foreach (var row in _forgottenRows)
        {
            if (limit-- == 0)
            {
                break;
            }

            position = row;
        }

        return position;
    }

    /// <summary>The transaction was committed, and with it the removal of what was <see cref="Removable"/>.</summary>
    public void Commit()
    {
        for (var i = RemovableRows(); i > 0 && _forgottenRows.Count > 0; i--)
        {
            _forgottenRows.Dequeue();
        }

        foreach (var key in _stagedKeys)
        {
            _keys.Enqueue(key);
        }

        foreach (var row in _stagedRows)
        {
            _rows.Enqueue(row);
            Position = row.Position;
        }

        ClearStaged();
        ForgetBeyondCount();
    }

    /// <summary>The transaction was rolled back.</summary>
    public void Rollback()
    {
        foreach (var key in _stagedKeys)
        {
            _known.Remove(key);
        }

        ClearStaged();
    }

    private int RemovableRows() => _stagedRows.Count + 64;

    private void ClearStaged()
    {
        _stagedKeys.Clear();
        _stagedRows.Clear();
    }

    private void ForgetBeyondCount()
    {
        while (_keys.Count > maxKeys)
        {
            var row = _rows.Peek();
            var some = Math.Min(row.Count - _forgottenOfFirstRow, _keys.Count - maxKeys);
            ForgetKeys(some);
            _forgottenOfFirstRow += some;
            if (_forgottenOfFirstRow == row.Count)
            {
                ForgetFirstRow();
            }
        }
    }

    private void ForgetKeys(int count)
    {
        var position = _rows.Peek().Position;
        for (; count > 0; count--)
        {
            var key = _keys.Dequeue();
            if (_known.TryGetValue(key, out var last) && last == position)
            {
                _known.Remove(key);
            }
        }
    }

    private void ForgetFirstRow()
    {
        _forgottenRows.Enqueue(_rows.Dequeue().Position);
        _forgottenOfFirstRow = 0;
    }

    private readonly record struct Row(long Position, long IngestedAt, int Count);
}
