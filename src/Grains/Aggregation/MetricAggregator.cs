using System.Runtime.CompilerServices;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Windows;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>
/// The windows and lifetime totals of all series of one metric. Pure: the same slices in the same order give the same state,
/// whenever and wherever they are applied. Used by one thread at a time.
/// </summary>
/// <remarks>
/// Windows tumble, aligned to the Unix epoch, by event time. A point is late when the watermark has reached its
/// window's end plus the allowed lateness: it corrects the window for a while, and is only counted after that. Once a window is final it remains so, also when a restart
/// allows more lateness.
/// Event times before or after all windows that <see cref="DateTimeOffset"/> can hold go into the first or last of them.
/// </remarks>
public sealed partial class MetricAggregator
{
    internal static readonly long EarliestTime = DateTimeOffset.MinValue.ToUnixTimeMilliseconds();
    internal static readonly long LatestTime = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    /// <summary>Points looked up together, so that their misses of the cache overlap.</summary>
    private const int BlockPoints = 64;

    /// <summary>Series whose rows and counters stay in a core's own caches.</summary>
    private const int CachedSeries = 2_000;

    /// <summary>
    /// Windows closed in one call besides one per point: a millisecond or two at most. To be told of is dearer. What is left over
    /// stays due, and nobody can tell but by <see cref="NextCloseAt"/> and by when <see cref="FinalWindows"/> is told.
    /// </summary>
    private const int ClosedPerCall = 2048;
    private const int ToldPerCall = 1024;

    private readonly WindowSettings _settings;
    private readonly int _size;
    private readonly SeriesTable _series;
    private readonly SeriesWindows _windows;
    private readonly WindowsByEnd _open = new();
    private readonly List<WindowReference> _listed = [];
    private long _finalThrough = long.MinValue;

    /// <summary>Series last seen at this time or before are expired.</summary>
    private long _expiredThrough = long.MinValue;

    /// <summary>Points before this are late, or before all calendars.</summary>
    private long _openFrom;
    private readonly long _earliest;
    private readonly long _latest;
    private long _lastStart;
    private int _snapshotLength;
    private WindowState? _restored;
    private int _touched;
    private long _processed;
    private long _late;
    private long _collided;

    /// <param name="settings">How windows are cut, closed and kept: a length of 1 ms to 24 days, no negative lateness.</param>
    public MetricAggregator(WindowSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.Size, 1, nameof(settings));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(settings.Size, int.MaxValue, nameof(settings));
        ArgumentOutOfRangeException.ThrowIfNegative(settings.AllowedLateness, nameof(settings));
        _settings = settings;
        _size = (int)settings.Size;
        _earliest = _openFrom = _correctFrom = WindowStart(EarliestTime);
        _latest = WindowStart(LatestTime) + _size - 1;
        var heap = new BlockHeap();
        _series = new SeriesTable(heap);
        _windows = new SeriesWindows(_series, heap, settings.Retained);
    }

    /// <summary>A window of a snapshot that is read; not there otherwise, since metrics are many.</summary>
    private WindowState Restored => _restored ??= new WindowState { IsSet = _kind == MetricKind.Set };

    /// <summary>Position of the last slice applied; 0 before the first.</summary>
    public long Position { get; private set; }

    /// <summary>What the metric was at or below this position is forgotten; 0: it never was. Part of snapshots, with no other meaning here.</summary>
    public long Begin { get; internal set; }

    /// <summary>There are no series and no windows.</summary>
    public bool IsEmpty => _series.Count == 0 && _corrections is null;

    /// <summary>Highest watermark seen, Unix milliseconds.</summary>
    public long Watermark { get; private set; } = long.MinValue;

    /// <summary>What became of all points so far.</summary>
    public AggregatorCounters Counters => new(_processed, _late, _collided, _overflowed, _corrected, _conflicted);

    /// <summary>Series, without those that <see cref="RemoveExpired"/> has found expired.</summary>
    public int SeriesCount => _series.Count - _expired;

    /// <summary>
    /// The watermark at which the next window becomes final, or is closed although it has been final for a while, or at which series are to be
    /// looked through for expired ones; always above <see cref="Watermark"/>. <see cref="long.MaxValue"/> when there is nothing to do.
    /// </summary>
    public long NextCloseAt => Math.Min(
        _open.IsEmpty || Watermark == long.MaxValue ? long.MaxValue : Math.Max(_open.FirstEnd + _settings.AllowedLateness, Watermark + 1),
        Math.Min(NextExpiryAt, _corrections?.NextCloseAt ?? long.MaxValue));

    /// <summary>Told of windows that become final or are corrected, but for series whose tags are not known; null: nobody wants to know.</summary>
    public IFinalWindowSink? FinalWindows { get; set; }

    /// <summary>Applies a slice: closes windows by its watermark, then takes its definitions, then its points.</summary>
    /// <param name="slice">Checked.</param>
    /// <param name="position">Above <see cref="Position"/>.</param>
    /// <param name="watermark">Ingestion time of the slice's record.</param>
    public void Apply(in SliceReader slice, long position, long watermark)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(position, Position);
        AdvanceWatermark(watermark, slice.Points);
        if (slice.DefinitionCount > 0)
        {
            Define(slice);
        }

        if (!TakesKind(slice))
        {
            _conflicted += slice.Points;
        }
        else if (slice.HasWideTimes)
        {
            ApplyOfKind(slice.Ids, slice.Values, new WideTimes(slice.WideTimes), slice.BaseTime, slice.Kind is not null);
        }
        else
        {
            ApplyOfKind(slice.Ids, slice.Values, new NarrowTimes(slice.Times), slice.BaseTime, slice.Kind is not null);
        }

        TellCorrected();
        Position = position;
    }

    /// <summary>Makes the windows final whose end plus allowed lateness the watermark has reached. Never goes back.</summary>
    public void AdvanceWatermark(long watermark) => AdvanceWatermark(watermark, 0);

    private void AdvanceWatermark(long watermark, int points)
    {
        if (watermark > Watermark)
        {
            Watermark = watermark;
            if (watermark >= long.MinValue + _settings.AllowedLateness)
            {
                SetFinalThrough(Math.Max(_finalThrough, watermark - _settings.AllowedLateness));
            }

            Settle(points);
        }

        if (!_open.IsEmpty && _open.FirstEnd <= _finalThrough)
        {
            // A point opens one window at most, so with one per point it does not add up.
            CloseWindows(FinalWindows is null ? ClosedPerCall + points : Math.Max(ToldPerCall, points));
        }
    }

    private void SetFinalThrough(long finalThrough)
    {
        _finalThrough = finalThrough;
        var expiry = _settings.Series.Expiry;
        _expiredThrough = _windows.Packed.ExpiredThrough = finalThrough < long.MinValue + expiry ? long.MinValue : finalThrough - expiry;
        _openFrom = finalThrough < _earliest ? _earliest : WindowStart(finalThrough);
    }

    private void CloseWindows(int most)
    {
        for (; most > 0 && !_open.IsEmpty && _open.FirstEnd <= _finalThrough; most--)
        {
            if (_series.Count > CachedSeries && most % BlockPoints == 0)
            {
                foreach (var ahead in _open.Ahead(BlockPoints))
                {
                    _touched += (int)_series.Rows[ahead].Window.Start;
                }
            }

            var row = _open.Take(out var end, out var size);
            _windows.Close(row, end - size, size, _size);
            if (FinalWindows is { } sink && _series.Histories[row].IsDefined && _windows.Packed.TryFind(row, end - size, size, out var packed))
            {
                var window = new WindowReference(packed.Start, packed.Size, WindowReference.Packed, packed.Next - packed.Body.Length, packed.Body.Length);
                sink.WindowFinal(Describe(row, [DescribeFinal(row, window)]));
            }
        }

        _windows.Packed.ClosedThrough = _open.IsEmpty ? _finalThrough : Math.Min(_finalThrough, _open.FirstEnd - 1);
    }

    private void Define(in SliceReader slice)
    {
        foreach (var definition in slice.GetDefinitions())
        {
            var row = RowOf(definition.Id, isDefined: true);
            if (row < 0)
            {
                continue;
            }

            See(row, Watermark);
            _corrections?.DefineCorrected(definition.Id, definition.Key);
            if (!_series.TryDefine(row, definition.Key) && !_series.Histories[row].IsCollided)
            {
                // For good: slices to come carry the identity without a definition. No window in the row: points go the long way round.
                _series.Histories[row].IsCollided = true;
                _windows.PackCurrent(row, _size);
            }
        }
    }

    private void ApplyPoints<TTimes>(ReadOnlySpan<ulong> ids, ReadOnlySpan<double> values, TTimes times, long baseTime)
        where TTimes : struct, ITimes, allows ref struct
    {
        Span<int> rows = stackalloc int[BlockPoints];
        for (var from = 0; from < ids.Length; from += BlockPoints)
        {
            var block = rows[..Math.Min(BlockPoints, ids.Length - from)];
            for (var i = 0; i < block.Length; i++)
            {
                block[i] = _series.FindCandidate(ids[from + i]);
            }

            if (_series.Count > CachedSeries)
            {
                Touch(block, values[from..], baseTime + times[from]);
            }

            for (var i = 0; i < block.Length; i++)
            {
                ApplyPoint(block[i], ids[from + i], values[from + i], baseTime + times[from + i]);
            }
        }
    }

    /// <summary>
    /// Brings what the points of a block will change into the cache. A point follows a chain of references, each of which may miss;
    /// here the misses of all points at one step of the chain overlap.
    /// </summary>
    /// <param name="rows">Series per point; −1 for none.</param>
    /// <param name="values">Value per point.</param>
    /// <param name="time">Event time of the first: most series are in the window that it is in, or will be.</param>
    private void Touch(ReadOnlySpan<int> rows, ReadOnlySpan<double> values, long time)
    {
        var touched = 0;
        foreach (var row in rows)
        {
            if (row >= 0)
            {
                ref var series = ref _series.Rows[row];
                touched += (int)series.Id + series.Window.LastOffset;
            }
        }

        for (var i = 0; i < rows.Length; i++)
        {
            if (rows[i] >= 0)
            {
                ref var window = ref _series.Rows[rows[i]].Window;
                touched += (ulong)(time - window.Start) < (ulong)_size
                    ? _windows.Values.Touch(window, values[i])
                    : _series.Histories[rows[i]].PackedBytes + (window.Values.Block == 0 ? 0 : _windows.Values.Touch(window));
            }
        }

        foreach (var row in rows)
        {
            if (row >= 0 && (ulong)(time - _series.Rows[row].Window.Start) >= (ulong)_size)
            {
                touched += _windows.Packed.Touch(row);
            }
        }

        _touched = touched;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void ApplyPoint(int candidate, ulong id, double value, long time)
    {
        if (candidate >= 0)
        {
            ref var series = ref _series.Rows[candidate];
            if (series.Id != id)
            {
                candidate = -1;
            }
            else
            {
                var offset = (ulong)(time - series.Window.Start);
                if (offset < (ulong)_size && time >= _openFrom)
                {
                    _processed++;
                    AddToTotals(ref series, value);
                    _windows.Add(ref series.Window, (int)offset, value);
                    return;
                }
            }
        }

        ApplyElsewhere(candidate, id, value, Math.Clamp(time, _earliest, _latest));
    }

    /// <summary>Where the point does not go into the window of a row.</summary>
    private void ApplyElsewhere(int row, ulong id, double value, long time)
    {
        if (time < _openFrom)
        {
            ApplyLate(row, id, value, time);
            return;
        }

        if (row < 0 || IsExpired(row))
        {
            row = RowOf(id, isDefined: false);
            if (row < 0)
            {
                row = OverflowRow();
                _overflowed++;
            }
        }

        if (_series.Histories[row].IsCollided)
        {
            See(row, Watermark);
            _collided++;
            return;
        }

        _processed++;
        AddToTotals(ref _series.Rows[row], _windows.Values.Elements is null ? value : 0);
        if ((ulong)(time - _lastStart) >= (ulong)_size)
        {
            // A division is dear, and points come in the order of time more or less.
            _lastStart = WindowStart(time);
        }

        if (_windows.Add(row, _lastStart, _size, (int)(time - _lastStart), value))
        {
            See(row, Math.Max(Watermark, _lastStart + _size));
            _open.Add(_lastStart + _size, _size, row);
        }
    }

    private void See(int row, long time)
    {
        ref var history = ref _series.Histories[row];
        history.Seen = Math.Max(history.Seen, time);
    }

    private static void AddToTotals(ref SeriesRow series, double value)
    {
        series.Count++;
        series.Sum += value;
        series.Min = Math.Min(series.Min, value);
        series.Max = Math.Max(series.Max, value);
    }

    private long WindowStart(long time)
    {
        var offset = time % _size;
        return time - (offset < 0 ? offset + _size : offset);
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
