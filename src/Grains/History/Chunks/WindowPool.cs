using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.History.Chunks;

/// <summary>Windows that are used again from series to series.</summary>
internal sealed class WindowPool
{
    private readonly List<WindowState> _windows = [];

    /// <summary>Windows taken since <see cref="Clear"/>.</summary>
    public int Count { get; private set; }

    public WindowState this[int index] => _windows[index];

    /// <summary>The next window, with what it last held.</summary>
    public WindowState Take()
    {
        if (Count == _windows.Count)
        {
            _windows.Add(new WindowState());
        }

        return _windows[Count++];
    }

    /// <summary>Adds a window of somebody else's; only into a pool that nothing was taken from before.</summary>
    public void Put(WindowState window)
    {
        _windows.Add(window);
        Count = _windows.Count;
    }

    public void Clear() => Count = 0;

    /// <summary>Gives back those from an index on that do not start within a range.</summary>
    public void KeepStarts(int index, long from, long to)
    {
        var kept = index;
        for (var i = index; i < Count; i++)
        {
            if (_windows[i].Start >= from && _windows[i].Start < to)
            {
                (_windows[kept], _windows[i]) = (_windows[i], _windows[kept]);
                kept++;
            }
        }

        Count = kept;
    }

    /// <summary>Merges those with the same place in time, which follow each other, and gives back what becomes free.</summary>
    public void MergeEqual(Action<WindowState, WindowState> merge)
    {
        var kept = 0;
        for (var i = 1; i < Count; i++)
        {
            if (Compare(_windows[kept], _windows[i]) == 0)
            {
                merge(_windows[kept], _windows[i]);
                continue;
            }

            kept++;
            (_windows[kept], _windows[i]) = (_windows[i], _windows[kept]);
        }

        Count = Math.Min(Count, kept + 1);
    }

    /// <summary>Sorts what was taken by start, then length; what is equal stays in order.</summary>
    public void Sort()
    {
        for (var i = 1; i < Count; i++)
        {
            if (Compare(_windows[i - 1], _windows[i]) > 0)
            {
                SortAll();
                return;
            }
        }
    }

    private void SortAll()
    {
        // The index makes it stable.
        var places = new (long Start, int Size, int Index)[Count];
        for (var i = 0; i < places.Length; i++)
        {
            places[i] = (_windows[i].Start, _windows[i].Size, i);
        }

        places.AsSpan().Sort(static (one, other) =>
            one.Start != other.Start ? one.Start.CompareTo(other.Start) : one.Size != other.Size ? one.Size.CompareTo(other.Size) : one.Index.CompareTo(other.Index));
        WindowState[] unsorted = [.. _windows[..Count]];
        for (var i = 0; i < places.Length; i++)
        {
            _windows[i] = unsorted[places[i].Index];
        }
    }

    private static int Compare(WindowState one, WindowState other) =>
        one.Start != other.Start ? one.Start.CompareTo(other.Start) : one.Size.CompareTo(other.Size);
}
