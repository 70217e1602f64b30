using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Windows;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>
/// The windows and lifetime totals of all series of one metric. Pure: the same slices in the same order give the same state,
/// whenever and wherever they are applied. Used by one thread at a time.
/// </summary>
/// <remarks>
/// Windows tumble, aligned to the Unix epoch, by event time. A point is late, and only counted, when the watermark has reached its
/// window's end plus the allowed lateness. Once that is so it remains so, also when a restart allows more lateness.
/// Event times that <see cref="DateTimeOffset"/> cannot hold are taken for the nearest that it can.
/// </remarks>
public sealed partial class MetricAggregator(WindowSettings settings)
{
    private static readonly long EarliestTime = DateTimeOffset.MinValue.ToUnixTimeMilliseconds();
    private static readonly long LatestTime = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    private readonly SeriesTable _series = new();
    private readonly CellArena _cells = new();
    private readonly OpenWindows _open = new();
    private long _finalThrough = long.MinValue;
    private int _snapshotLength;
    private long _processed;
    private long _late;
    private long _collided;

    /// <summary>Position of the last slice applied; 0 before the first.</summary>
    public long Position { get; private set; }

    /// <summary>Highest watermark seen, Unix milliseconds.</summary>
    public long Watermark { get; private set; } = long.MinValue;

    /// <summary>What became of all points so far.</summary>
    public AggregatorCounters Counters => new(_processed, _late, _collided);

    /// <summary>Series seen.</summary>
    public int SeriesCount => _series.Count;

    /// <summary>What the values mean, as the last slice said.</summary>
    public MetricKind Kind { get; private set; }

    /// <summary>The watermark at which the next window becomes final; <see cref="long.MaxValue"/> when none is open.</summary>
    public long NextCloseAt => _open.IsEmpty ? long.MaxValue : _open.FirstEnd + settings.AllowedLateness;

    /// <summary>Told of windows that become final, but for series whose tags are not known; null: nobody wants to know.</summary>
    public IFinalWindowSink? FinalWindows { get; set; }

    /// <summary>Applies a slice: closes windows by its watermark, then takes its definitions, then its points.</summary>
    /// <param name="slice">Checked.</param>
    /// <param name="position">Above <see cref="Position"/>.</param>
    /// <param name="watermark">Ingestion time of the slice's record.</param>
    public void Apply(in SliceReader slice, long position, long watermark)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(position, Position);
        AdvanceWatermark(watermark);
        Kind = slice.Kind;
        if (slice.DefinitionCount > 0)
        {
            Define(slice);
        }

        if (slice.HasWideTimes)
        {
            ApplyPoints(slice.Ids, slice.Values, new WideTimes(slice.WideTimes), slice.BaseTime);
        }
        else
        {
            ApplyPoints(slice.Ids, slice.Values, new NarrowTimes(slice.Times), slice.BaseTime);
        }

        Position = position;
    }

    /// <summary>Makes the windows final whose end plus allowed lateness the watermark has reached. Never goes back.</summary>
    public void AdvanceWatermark(long watermark)
    {
        if (watermark <= Watermark)
        {
            return;
        }

        Watermark = watermark;
        _finalThrough = Math.Max(_finalThrough, watermark - settings.AllowedLateness);
        while (!_open.IsEmpty && _open.FirstEnd <= _finalThrough)
        {
            var end = _open.FirstEnd;
            var series = _open.TakeFirst();
            foreach (var row in series)
            {
                Close(row, end);
            }

            _open.Return(series);
        }
    }

    private void Define(in SliceReader slice)
    {
        foreach (var definition in slice.GetDefinitions())
        {
            ref var series = ref _series[_series.FindOrAdd(definition.Id)];
            if (series.Key is null)
            {
                series.Key = definition.Key.ToArray();
            }
            else if (!definition.Key.SequenceEqual(series.Key))
            {
                // For good: slices to come carry the identity without a definition.
                series.Collided = true;
            }
        }
    }

    private void ApplyPoints<TTimes>(ReadOnlySpan<ulong> ids, ReadOnlySpan<double> values, TTimes times, long baseTime)
        where TTimes : struct, ITimes, allows ref struct
    {
        long start = 0, end = 0, late = 0, collided = 0;
        var isLate = false;
        for (var i = 0; i < ids.Length; i++)
        {
            var time = baseTime + times[i];
            if (time < start || time >= end)
            {
                time = Math.Clamp(time, EarliestTime, LatestTime);
                start = WindowStart(time);
                end = start + settings.Size;
                isLate = end <= _finalThrough;
            }

            if (isLate)
            {
                late++;
                continue;
            }

            var row = _series.FindOrAdd(ids[i]);
            if (_series[row].Collided)
            {
                collided++;
            }
            else
            {
                Add(row, values[i], time, start);
            }
        }

        _late += late;
        _collided += collided;
        _processed += ids.Length - late - collided;
    }

    private void Add(int row, double value, long time, long start)
    {
        ref var series = ref _series[row];
        series.Count++;
        series.Sum += value;
        series.Min = Math.Min(series.Min, value);
        series.Max = Math.Max(series.Max, value);

        var at = series.Cell;
        if (at < 0 || _cells[at].Start != start || _cells[at].Size != settings.Size)
        {
            at = FindOrAddCell(row, start);
        }

        ref var cell = ref _cells[at];
        if (cell.Count == 0)
        {
            cell.Min = cell.Max = cell.Sum = cell.Last = value;
            cell.LastTime = time;
            cell.Count = 1;
            return;
        }

        if (cell.Sketch is null)
        {
            cell.Sketch = _cells.TakeSketch();
            cell.Sketch.Add(cell.Sum);
        }

        cell.Sketch.Add(value);
        cell.Count++;
        cell.Sum += value;
        cell.Min = Math.Min(cell.Min, value);
        cell.Max = Math.Max(cell.Max, value);
        if (time >= cell.LastTime)
        {
            cell.Last = value;
            cell.LastTime = time;
        }
    }

    private int FindOrAddCell(int row, long start)
    {
        var previous = -1;
        var at = _series[row].Cell;
        while (at >= 0 && _cells[at].Start >= start)
        {
            if (_cells[at].Start == start && _cells[at].Size == settings.Size)
            {
                return at;
            }

            previous = at;
            at = _cells[at].Next;
        }

        var added = _cells.Take();
        _cells[added] = new WindowCell { Start = start, Size = (int)settings.Size, Next = at };
        if (previous < 0)
        {
            _series[row].Cell = added;
        }
        else
        {
            _cells[previous].Next = added;
        }

        _open.Add(start + settings.Size, row);
        return added;
    }

    private void Close(int row, long end)
    {
        var kept = 0;
        var previous = -1;
        for (var at = _series[row].Cell; at >= 0;)
        {
            ref var cell = ref _cells[at];
            if (!cell.Final && cell.End == end)
            {
                cell.Final = true;
                if (FinalWindows is { } sink && _series[row].Key is not null)
                {
                    sink.WindowFinal(Describe(row, cell));
                }
            }

            var next = cell.Next;
            if (cell.Final && ++kept > settings.Retained)
            {
                Unlink(row, previous, at);
            }
            else
            {
                previous = at;
            }

            at = next;
        }
    }

    private void Unlink(int row, int previous, int at)
    {
        var next = _cells[at].Next;
        if (previous < 0)
        {
            _series[row].Cell = next;
        }
        else
        {
            _cells[previous].Next = next;
        }

        _cells.Free(at);
    }

    private long WindowStart(long time)
    {
        var offset = time % settings.Size;
        return time - (offset < 0 ? offset + settings.Size : offset);
    }

    /// <summary>Offsets of 32 or 64 bits, so that the loop over the points is compiled once for each.</summary>
    private interface ITimes
    {
        long this[int index] { get; }
    }

    private readonly ref struct NarrowTimes(ReadOnlySpan<int> times) : ITimes
    {
        private readonly ReadOnlySpan<int> _times = times;

        public long this[int index] => _times[index];
    }

    private readonly ref struct WideTimes(ReadOnlySpan<long> times) : ITimes
    {
        private readonly ReadOnlySpan<long> _times = times;

        public long this[int index] => _times[index];
    }
}
