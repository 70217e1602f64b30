namespace OrleansMetrics.Grains.Aggregation;

/// <summary>Which series have a window that is not final, by the window's end: what has to be visited when windows close.</summary>
internal sealed class OpenWindows
{
    private readonly SortedDictionary<long, List<int>> _seriesByEnd = [];
    private readonly Stack<List<int>> _pool = new();
    private long _latestEnd = long.MinValue;
    private List<int>? _latest;

    /// <summary>The earliest end of an open window; <see cref="long.MaxValue"/> when none is open.</summary>
    public long FirstEnd { get; private set; } = long.MaxValue;

    public void Add(long end, int series)
    {
        if (end != _latestEnd || _latest is null)
        {
            if (!_seriesByEnd.TryGetValue(end, out _latest))
            {
                _latest = _pool.TryPop(out var list) ? list : [];
                _seriesByEnd.Add(end, _latest);
                FirstEnd = Math.Min(FirstEnd, end);
            }

            _latestEnd = end;
        }

        _latest.Add(series);
    }

    /// <summary>Takes out the earliest end; give the list back with <see cref="Return"/>.</summary>
    public List<int> TakeFirst()
    {
        var end = FirstEnd;
        var series = _seriesByEnd[end];
        _seriesByEnd.Remove(end);
        if (_latestEnd == end)
        {
            _latest = null;
        }

        FirstEnd = long.MaxValue;
        foreach (var next in _seriesByEnd.Keys)
        {
            FirstEnd = next;
            break;
        }

        return series;
    }

    public void Return(List<int> series)
    {
        series.Clear();
        _pool.Push(series);
    }
}
