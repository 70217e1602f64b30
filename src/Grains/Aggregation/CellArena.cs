namespace OrleansMetrics.Grains.Aggregation;

/// <summary>All windows of a metric in one array, with a free list; the sketches of freed windows are used again.</summary>
internal sealed class CellArena
{
    /// <summary>Sketches kept for reuse in any case; beyond that half as many as are in use: a window's worth at the least retention.</summary>
    private const int MinPooledSketches = 1024;

    private readonly Stack<ExponentialHistogram> _sketches = new();
    private WindowCell[] _cells = new WindowCell[8];
    private int _sketchesInUse;
    private int _used;
    private int _free = -1;

    public ref WindowCell this[int cell] => ref _cells[cell];

    public int Take()
    {
        if (_free >= 0)
        {
            var cell = _free;
            _free = _cells[cell].Next;
            return cell;
        }

        if (_used == _cells.Length)
        {
            Array.Resize(ref _cells, _cells.Length * 2);
        }

        return _used++;
    }

    public void Free(int cell)
    {
        ref var freed = ref _cells[cell];
        if (freed.Sketch is { } sketch)
        {
            _sketchesInUse--;
            if (_sketches.Count < Math.Max(MinPooledSketches, _sketchesInUse / 2))
            {
                sketch.Clear();
                _sketches.Push(sketch);
            }
        }

        freed = new WindowCell { Next = _free };
        _free = cell;
    }

    public ExponentialHistogram TakeSketch()
    {
        _sketchesInUse++;
        return _sketches.TryPop(out var sketch) ? sketch : new ExponentialHistogram();
    }
}
