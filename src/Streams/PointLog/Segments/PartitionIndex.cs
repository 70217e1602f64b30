namespace OrleansMetrics.Streams.PointLog.Segments;

/// <summary>Where the records of a partition lie, and where it stands. Written by the commit thread, read by any.</summary>
internal sealed class PartitionIndex
{
    private readonly Lock _lock = new();
    private readonly List<Run> _runs = [];
    private RecordLocation[] _ring = new RecordLocation[16];
    private int _first;
    private int _count;

    // Number of the first entry, counted from the first one ever: what a run's start is relative to.
    private long _firstNumber;
    private PartitionHead _head;

    /// <summary>Where the partition stands.</summary>
    public PartitionHead Head
    {
        get
        {
            lock (_lock)
            {
                return _head;
            }
        }
    }

    /// <summary>Sets where the partition stands.</summary>
    public void Publish(in PartitionHead head)
    {
        lock (_lock)
        {
            _head = head;
        }
    }

    /// <summary>Adds a record after all others.</summary>
    public void Add(long position, RecordLocation location)
    {
        lock (_lock)
        {
            if (_runs.Count == 0 || position != End(_runs.Count - 1))
            {
                _runs.Add(new Run(position, _firstNumber + _count));
            }

            if (_count == _ring.Length)
            {
                Grow();
            }

            _ring[(_first + _count) & (_ring.Length - 1)] = location;
            _count++;
        }
    }

    /// <summary>The first records after a position: as many as fit, at least one if there is any.</summary>
    public void Find(long after, long maxBytes, List<(long Position, RecordLocation Location)> found)
    {
        lock (_lock)
        {
            var run = RunAfter(after, out var number);
            for (long bytes = 0; run < _runs.Count; number++)
            {
                var position = _runs[run].First + (number - _runs[run].Number);
                var location = At(number);
                bytes += location.Length;
                if (found.Count > 0 && bytes > maxBytes)
                {
                    return;
                }

                found.Add((position, location));
                if (position + 1 == End(run))
                {
                    run++;
                }
            }
        }
    }

    /// <summary>Whether the record lies there.</summary>
    public bool IsAt(long position, RecordLocation location)
    {
        lock (_lock)
        {
            return TryFind(position, out var number) && At(number) == location;
        }
    }

    /// <summary>The record has been copied to another place.</summary>
    public void Move(long position, RecordLocation to)
    {
        lock (_lock)
        {
            if (TryFind(position, out var number))
            {
                _ring[Slot(number)] = to;
            }
        }
    }

    /// <summary>Removes the records at or below a position.</summary>
    /// <param name="upTo">The position.</param>
    /// <param name="removed">Told of each.</param>
    /// <returns>The position of the last one removed; 0 when there was none.</returns>
    public long Trim(long upTo, Action<RecordLocation> removed)
    {
        long last = 0;
        lock (_lock)
        {
            while (_runs.Count > 0 && _runs[0].First <= upTo)
            {
                var run = _runs[0];
                var runEnd = End(0);
                var end = Math.Min(runEnd, upTo + 1);
                for (var position = run.First; position < end; position++)
                {
                    removed(At(_firstNumber));
                    _first = (_first + 1) & (_ring.Length - 1);
                    _firstNumber++;
                    _count--;
                }

                last = end - 1;
                if (end == runEnd)
                {
                    _runs.RemoveAt(0);
                }
                else
                {
                    _runs[0] = new Run(end, _firstNumber);
                }
            }

            if (_count == 0 && _ring.Length > 1024)
            {
                _ring = new RecordLocation[16];
                _first = 0;
            }
        }

        return last;
    }

    /// <summary>Ranges of positions that follow each other, in order: the first and the last of each.</summary>
    public IReadOnlyList<(long First, long Last)> Ranges()
    {
        lock (_lock)
        {
            return [.. Enumerable.Range(0, _runs.Count).Select(run => (_runs[run].First, End(run) - 1))];
        }
    }

    private RecordLocation At(long number) => _ring[Slot(number)];

    private int Slot(long number) => (int)((_first + (number - _firstNumber)) & (_ring.Length - 1));

    /// <summary>The position after a run.</summary>
    private long End(int run) => _runs[run].First + (run + 1 < _runs.Count ? _runs[run + 1].Number : _firstNumber + _count) - _runs[run].Number;

    /// <summary>The run that holds the first record after a position, and that record's number.</summary>
    private int RunAfter(long after, out long number)
    {
        int low = 0, high = _runs.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (End(middle) - 1 <= after)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        number = low < _runs.Count ? _runs[low].Number + Math.Max(0, after + 1 - _runs[low].First) : 0;
        return low;
    }

    private bool TryFind(long position, out long number)
    {
        var run = RunAfter(position - 1, out number);
        return run < _runs.Count && _runs[run].First <= position;
    }

    private void Grow()
    {
        var larger = new RecordLocation[_ring.Length * 2];
        for (var i = 0; i < _count; i++)
        {
            larger[i] = _ring[(_first + i) & (_ring.Length - 1)];
        }

        _ring = larger;
        _first = 0;
    }

    private readonly record struct Run(long First, long Number);
}
