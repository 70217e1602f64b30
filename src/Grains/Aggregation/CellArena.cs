namespace OrleansMetrics.Grains.Aggregation;

/// <summary>All windows of a metric in one array, with a free list; the sketches of freed windows are used again.</summary>
internal sealed class CellArena
{
    private const int MaxPooledSketches = 4096;

    private readonly Stack<ExponentialHistogram> _sketches = new();
    private WindowCell[] _cells = new WindowCell[8];
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
        if (freed.Sketch is { } sketch && _sketches.Count < MaxPooledSketches)
        {
            sketch.Clear();
            _sketches.Push(sketch);
        }

        freed = new WindowCell { Next = _free };
        _free = cell;
    }

    public ExponentialHistogram TakeSketch() => _sketches.TryPop(out var sketch) ? sketch : new ExponentialHistogram();
}
