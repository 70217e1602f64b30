namespace OrleansMetrics.Grains.Aggregation;

/// <summary>Sketches between two windows. Holds what the windows of one closing hand to those of the next, and lets go of the rest.</summary>
internal sealed class SketchPool
{
    private readonly Stack<ExponentialHistogram> _idle = new();
    private int _unused;

    public ExponentialHistogram Take()
    {
        if (!_idle.TryPop(out var sketch))
        {
            return new ExponentialHistogram();
        }

        _unused = Math.Min(_unused, _idle.Count);
        return sketch;
    }

    public void Return(ExponentialHistogram sketch)
    {
        sketch.Clear();
        _idle.Push(sketch);
    }

    /// <summary>Drops the sketches that nobody took since the last call; all when no window is open that might grow one.</summary>
    public void Trim(bool all)
    {
        for (var left = all ? _idle.Count : Math.Min(_unused, _idle.Count); left > 0; left--)
        {
            _idle.Pop();
        }

        _unused = _idle.Count;
        if (all)
        {
            _idle.TrimExcess();
        }
    }
}
