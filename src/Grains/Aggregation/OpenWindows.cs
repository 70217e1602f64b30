namespace OrleansMetrics.Grains.Aggregation;

/// <summary>Which series have a window that is not final, by the window's end: what has to be visited when windows close.</summary>
internal sealed class OpenWindows
{
    /// <summary>From the latest end to the earliest. Few: as many as windows fit between lateness and the furthest time ahead.</summary>
    private readonly List<(long End, List<int> Series)> _byEnd = [];
    private readonly Stack<List<int>> _pool = new();
    private long _addedEnd = long.MinValue;
    private List<int>? _added;

    public bool IsEmpty => _byEnd.Count == 0;

    /// <summary>The earliest end of an open window, when there is one.</summary>
    public long FirstEnd => _byEnd[^1].End;

    public void Add(long end, int series)
    {
        if (end != _addedEnd || _added is null)
        {
            _added = ListOf(end);
            _addedEnd = end;
        }

        _added.Add(series);
    }

    /// <summary>Takes out the earliest end; give the list back with <see cref="Return"/>.</summary>
    public List<int> TakeFirst()
    {
        var series = _byEnd[^1].Series;
        _byEnd.RemoveAt(_byEnd.Count - 1);
        if (_added == series)
        {
            _added = null;
        }

        return series;
    }

    public void Return(List<int> series)
    {
        series.Clear();
        _pool.Push(series);
    }

    private List<int> ListOf(long end)
    {
        int low = 0, high = _byEnd.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_byEnd[middle].End > end)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        if (low < _byEnd.Count && _byEnd[low].End == end)
        {
            return _byEnd[low].Series;
        }

        var series = _pool.TryPop(out var list) ? list : [];
        _byEnd.Insert(low, (end, series));
        return series;
    }
}
