using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.Tests.Aggregation;

/// <summary>The same rules in the plainest form: every point is kept, every answer is computed from all of them.</summary>
internal sealed class ReferenceAggregator(WindowSettings settings)
{
    private readonly Dictionary<ulong, byte[]> _keys = [];
    private readonly Dictionary<(ulong Id, long Start), List<TestPoint>> _windows = [];
    private long _watermark = long.MinValue;

    public List<ulong> Order { get; } = [];

    public long Processed { get; private set; }

    public long Late { get; private set; }

    public long Collided { get; private set; }

    public long NextCloseAt => _windows.Keys.Select(window => CloseAt(window.Start)).Where(at => at > _watermark).DefaultIfEmpty(long.MaxValue).Min();

    public byte[]? KeyOf(ulong id) => _keys.GetValueOrDefault(id);

    public void Apply(TestSlice slice)
    {
        _watermark = Math.Max(_watermark, slice.Watermark);
        var collided = new HashSet<ulong>();
        foreach (var (id, key) in slice.Definitions)
        {
            See(id);
            if (_keys.TryAdd(id, key) || _keys[id].AsSpan().SequenceEqual(key))
            {
                continue;
            }

            collided.Add(id);
        }

        foreach (var point in slice.Points)
        {
            var start = (long)Math.Floor(point.Time / (decimal)settings.Size) * settings.Size;
            if (collided.Contains(point.Id))
            {
                Collided++;
            }
            else if (CloseAt(start) <= _watermark)
            {
                Late++;
            }
            else
            {
                See(point.Id);
                Processed++;
                if (!_windows.TryGetValue((point.Id, start), out var points))
                {
                    _windows[(point.Id, start)] = points = [];
                }

                points.Add(point);
            }
        }
    }

    public IEnumerable<TestPoint> PointsOf(ulong id) => _windows.Where(window => window.Key.Id == id).SelectMany(window => window.Value);

    /// <summary>The windows kept: the open ones, and of the final ones those that became so last.</summary>
    public List<(long Start, bool Final, List<TestPoint> Points)> WindowsOf(ulong id)
    {
        var all = _windows.Where(window => window.Key.Id == id).OrderBy(window => window.Key.Start)
            .Select(window => (window.Key.Start, Final: CloseAt(window.Key.Start) <= _watermark, window.Value)).ToList();
        return [.. all.Where(window => window.Final).TakeLast(settings.Retained), .. all.Where(window => !window.Final)];
    }

    private long CloseAt(long start) => start + settings.Size + settings.AllowedLateness;

    private void See(ulong id)
    {
        if (!Order.Contains(id))
        {
            Order.Add(id);
        }
    }
}
