namespace OrleansMetrics.Grains.Aggregation;

/// <summary>Which series have an open window, by the window's end and length: what has to be visited when windows close.</summary>
internal sealed class WindowsByEnd
{
    private const int ChunkRows = 1024;
    private const int FirstChunkRows = 16;
    private const int MaxPooled = 16;

    /// <summary>From the latest end to the earliest. Few: as many as windows fit between lateness and the furthest time ahead.</summary>
    private readonly List<Group> _groups = [];
    private readonly Stack<Group> _freeGroups = new();
    private readonly Stack<int[]> _freeChunks = new();
    private Group? _added;

    public bool IsEmpty => _groups.Count == 0;

    /// <summary>The earliest end of a window, when there is one.</summary>
    public long FirstEnd => _groups[^1].End;

    /// <summary>Windows in all.</summary>
    public int Count { get; private set; }

    /// <summary>The latest end of a window, when there is one.</summary>
    public long LastEnd => _groups[0].End;

    /// <summary>Windows that end after an instant.</summary>
    public int CountAfter(long end)
    {
        var count = 0;
        for (var i = 0; i < _groups.Count && _groups[i].End > end; i++)
        {
            count += _groups[i].Added - _groups[i].Taken;
        }

        return count;
    }

    public void Add(long end, int size, int row)
    {
        Count++;
        var group = _added;
        if (group is null || group.End != end || group.Size != size)
        {
            _added = group = GroupOf(end, size);
        }

        var chunk = group.Last;
        var at = group.Added % ChunkRows;
        if (at == chunk.Length || (at == 0 && group.Added > 0))
        {
            chunk = Grow(group, at);
        }

        chunk[at] = row;
        group.Added++;
    }

    /// <summary>Takes out a window with the earliest end, of those in the order in which they were added.</summary>
    public int Take(out long end, out int size)
    {
        Count--;
        var group = _groups[^1];
        end = group.End;
        size = group.Size;
        var row = group.Chunks[group.Taken / ChunkRows][group.Taken % ChunkRows];
        if (++group.Taken == group.Added)
        {
            _groups.RemoveAt(_groups.Count - 1);
            Return(group);
        }

        return row;
    }

    /// <summary>Some of the series that <see cref="Take"/> comes to next.</summary>
    public ReadOnlySpan<int> Ahead(int most)
    {
        var group = _groups[^1];
        var at = group.Taken % ChunkRows;
        return group.Chunks[group.Taken / ChunkRows].AsSpan(at, Math.Min(most, Math.Min(group.Added - group.Taken, ChunkRows - at)));
    }

    /// <summary>Rows have moved.</summary>
    /// <param name="moved">The new row of each.</param>
    public void Move(int[] moved)
    {
        foreach (var group in _groups)
        {
            for (var at = group.Taken; at < group.Added; at++)
            {
                ref var row = ref group.Chunks[at / ChunkRows][at % ChunkRows];
                row = moved[row];
            }
        }
    }

    private int[] Grow(Group group, int at)
    {
        var chunk = group.Last;
        if (at > 0)
        {
            Array.Resize(ref chunk, at * 2);
            group.Chunks[^1] = chunk;
        }
        else
        {
            chunk = _freeChunks.TryPop(out var free) ? free : new int[ChunkRows];
            group.Chunks.Add(chunk);
        }

        group.Last = chunk;
        return chunk;
    }

    private void Return(Group group)
    {
        // As many as the next windows will want, if these are like them.
        var most = MaxPooled + group.Chunks.Count;
        for (var i = group.Chunks.Count - 1; i > 0; i--)
        {
            if (_freeChunks.Count < most)
            {
                _freeChunks.Push(group.Chunks[i]);
            }

            group.Chunks.RemoveAt(i);
        }

        if (_added == group)
        {
            _added = null;
        }

        group.Added = group.Taken = 0;
        group.Last = group.Chunks[0];
        _freeGroups.Push(group);
    }

    private Group GroupOf(long end, int size)
    {
        int low = 0, high = _groups.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            var group = _groups[middle];
            if (group.End > end || (group.End == end && group.Size > size))
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        if (low == _groups.Count || _groups[low].End != end || _groups[low].Size != size)
        {
            var group = _freeGroups.TryPop(out var free) ? free : new Group();
            group.End = end;
            group.Size = size;
            _groups.Insert(low, group);
        }

        return _groups[low];
    }

    private sealed class Group
    {
        public long End { get; set; }

        public int Size { get; set; }

        public int Added { get; set; }

        public int Taken { get; set; }

        public List<int[]> Chunks { get; } = [new int[FirstChunkRows]];

        /// <summary>The chunk that is added to.</summary>
        public int[] Last { get; set; }

        public Group() => Last = Chunks[0];
    }
}
