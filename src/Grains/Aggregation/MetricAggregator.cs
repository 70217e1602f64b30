using System.Buffers;
using System.Runtime.CompilerServices;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Windows;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>
/// The aggregates of one metric: tumbling windows per series, aligned to the Unix epoch, closed by the watermark of the log. The
/// state is a function of the slices applied and their positions and watermarks alone: replay gives the same state.
/// </summary>
/// <remarks>
/// A window's values are kept one by one up to 16, in a <see cref="ExponentialHistogram"/> beyond; a window that becomes final with
/// more than 8 gets its histogram then. Values are finite, as gateways see to it. Event times before the year 1 or after 9999
/// count as the first or last instant of these. Not thread-safe.
/// </remarks>
public sealed class MetricAggregator
{
    private const int BlockSize = 64;

    /// <summary>Series whose records and sketches stay in a core's own caches.</summary>
    private const int CachedSeries = 2_000;

    private readonly WindowSettings _settings;
    private readonly BlockHeap _heap = new();
    private readonly SeriesTable _table;
    private readonly WindowStore _windows;
    private readonly HashSet<ulong> _collisions = [];
    private readonly List<WindowAggregate> _closed = [];
    private int _touched;
    private long _nextEnd = long.MaxValue;
    private long _processed;
    private long _late;
    private long _collided;

    /// <param name="settings">
    /// How windows are cut, closed and kept: size 1 ms to 1,000 years, lateness 0 to 1,000 years, 0 or more retained windows, probabilities 0 to 1.
    /// </param>
    /// <exception cref="ArgumentException">A setting is out of range.</exception>
    public MetricAggregator(WindowSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.Size, 1, nameof(settings));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(settings.Size, EventTime.MaxDuration, nameof(settings));
        ArgumentOutOfRangeException.ThrowIfNegative(settings.AllowedLateness, nameof(settings));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(settings.AllowedLateness, EventTime.MaxDuration, nameof(settings));
        ArgumentOutOfRangeException.ThrowIfNegative(settings.Retained, nameof(settings));
        if (settings.Quantiles.Any(probability => probability is not (>= 0 and <= 1)))
        {
            throw new ArgumentOutOfRangeException(nameof(settings), "A probability is not between 0 and 1.");
        }

        _settings = settings;
        _table = new SeriesTable(_heap);
        _windows = new WindowStore(_table, _heap, settings);
    }

    /// <summary>Log position of the last slice applied; 0 when there was none.</summary>
    public long Position { get; private set; }

    /// <summary>Highest watermark seen, Unix milliseconds; <see cref="long.MinValue"/> when there was none.</summary>
    public long Watermark { get; private set; } = long.MinValue;

    /// <summary>What became of the points.</summary>
    public AggregatorCounters Counters => new(_processed, _late, _collided);

    /// <summary>Series seen, those without a known key included.</summary>
    public int SeriesCount => _table.Count;

    /// <summary>What the values mean: as the last slice says.</summary>
    public MetricKind Kind { get; private set; }

    /// <summary>The watermark at which the next window becomes final; <see cref="long.MaxValue"/> while no window is open.</summary>
    public long NextCloseAt => _nextEnd == long.MaxValue ? long.MaxValue : _nextEnd + _settings.AllowedLateness;

    /// <summary>
    /// Told of windows as they become final: once per series and closing, with just these windows, in the order in which the series were
    /// first seen. Series without a known key are left out. Null: nobody is interested, and closing costs nothing extra.
    /// Must not call back into the aggregator.
    /// </summary>
    public Action<SeriesAggregates>? FinalWindows { get; set; }

    /// <summary>
    /// Applies a slice: closes the windows that the watermark allows, then takes the slice's definitions, then its points. A point whose
    /// window is final counts as late, a point of an identity that this slice defines with another key than the known one as
    /// collided; neither touches anything else. An identity that has no definition yet is aggregated until its definition comes.
    /// </summary>
    /// <param name="slice">A slice of this metric.</param>
    /// <param name="position">Position of its record in the log: higher than <see cref="Position"/>, as the caller sees to.</param>
    /// <param name="watermark">Highest ingestion time of the log up to the record, Unix milliseconds.</param>
    public void Apply(scoped in SliceReader slice, long position, long watermark)
    {
        AdvanceWatermark(watermark);
        Kind = slice.Kind;
        _collisions.Clear();
        if (slice.DefinitionCount > 0)
        {
            Define(slice);
        }

        ApplyPoints(slice);
        Position = position;
    }

    /// <summary>Moves the watermark on and closes the windows that it allows. A watermark that is not higher changes nothing.</summary>
    public void AdvanceWatermark(long watermark)
    {
        if (watermark <= Watermark)
        {
            return;
        }

        Watermark = watermark;
        if (_nextEnd != long.MaxValue && _windows.IsFinal(_nextEnd, watermark))
        {
            CloseWindows();
        }
    }

    /// <summary>Reads a page of the aggregates; changes nothing. Series whose key is not known yet are left out.</summary>
    /// <param name="metric">Name for the answer.</param>
    /// <param name="query">Which series and windows. The cursor is the identity of the page's last series.</param>
    /// <exception cref="ArgumentException">The limit is out of range or the cursor is none of this metric's.</exception>
    public MetricAggregates Query(string metric, AggregatesQuery query) =>
        new AggregatesReader(_table, _windows, _settings, Watermark).Read(metric, Kind, query);

    /// <summary>Writes the whole state: docs/formats/snapshot.md. Equal states have equal bytes.</summary>
    public void WriteSnapshot(IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        new SnapshotWriter(_table, _windows, output).Write(Position, Watermark, Counters, Kind);
    }

    /// <summary>
    /// Rebuilds an aggregator from its snapshot. The settings may differ from those of the writer: open windows of another size
    /// keep their own, windows are final by the lateness of these settings, and fewer may be retained.
    /// </summary>
    /// <exception cref="InvalidDataException">The bytes are no complete, undamaged snapshot that this build reads; the message says why.</exception>
    public static MetricAggregator ReadSnapshot(ReadOnlySpan<byte> bytes, WindowSettings settings)
    {
        var aggregator = new MetricAggregator(settings);
        var header = SnapshotReader.Read(bytes, aggregator._table, aggregator._windows);
        aggregator.Position = header.Position;
        aggregator.Watermark = header.Watermark;
        aggregator.Kind = header.Kind;
        aggregator._processed = header.Counters.Processed;
        aggregator._late = header.Counters.Late;
        aggregator._collided = header.Counters.Collided;
        aggregator.CloseWindows();
        return aggregator;
    }

    private void Define(scoped in SliceReader slice)
    {
        foreach (var definition in slice.GetDefinitions())
        {
            if (!_table.TryDefine(_table.FindOrAdd(definition.Id), definition.Key))
            {
                _collisions.Add(definition.Id);
            }
        }
    }

    private void ApplyPoints(scoped in SliceReader slice)
    {
        Span<long> times = stackalloc long[BlockSize];
        Span<int> ordinals = stackalloc int[BlockSize];
        var ids = slice.Ids;
        var values = slice.Values;
        for (var at = 0; at < ids.Length; at += BlockSize)
        {
            var count = Math.Min(BlockSize, ids.Length - at);
            ReadTimes(slice, at, times[..count]);
            if (_collisions.Count == 0)
            {
                ApplyBlock(ids.Slice(at, count), values.Slice(at, count), times, ordinals);
            }
            else
            {
                ApplyBlockWithCollisions(ids.Slice(at, count), values.Slice(at, count), times);
            }
        }
    }

    private static void ReadTimes(scoped in SliceReader slice, int at, Span<long> times)
    {
        var baseTime = slice.BaseTime;
        if (slice.HasWideTimes)
        {
            var offsets = slice.WideTimes.Slice(at, times.Length);
            for (var i = 0; i < times.Length; i++)
            {
                times[i] = baseTime + offsets[i];
            }
        }
        else
        {
            var offsets = slice.Times.Slice(at, times.Length);
            for (var i = 0; i < times.Length; i++)
            {
                times[i] = baseTime + offsets[i];
            }
        }
    }

    private void ApplyBlock(ReadOnlySpan<ulong> ids, ReadOnlySpan<double> values, ReadOnlySpan<long> times, Span<int> ordinals)
    {
        for (var i = 0; i < ids.Length; i++)
        {
            ordinals[i] = _table.FindCandidate(ids[i]);
        }

        if (_table.Count > CachedSeries)
        {
            _touched = _windows.Touch(ordinals[..ids.Length], values);
        }

        for (var i = 0; i < ids.Length; i++)
        {
            AddPoint(ordinals[i], ids[i], values[i], times[i]);
        }
    }

    private void ApplyBlockWithCollisions(ReadOnlySpan<ulong> ids, ReadOnlySpan<double> values, ReadOnlySpan<long> times)
    {
        for (var i = 0; i < ids.Length; i++)
        {
            if (_collisions.Contains(ids[i]))
            {
                _collided++;
            }
            else
            {
                AddPoint(_table.FindCandidate(ids[i]), ids[i], values[i], times[i]);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AddPoint(int ordinal, ulong id, double value, long time)
    {
        if (ordinal >= 0)
        {
            ref var state = ref _table.States[ordinal];
            ref var window = ref state.Window;
            // A window that has points in a series' record is open, so the point is not late.
            if (state.Id == id && (ulong)(time - window.Start) < (ulong)_settings.Size && window.Count > 0)
            {
                _processed++;
                _windows.Add(ref window, time, value);
                return;
            }
        }

        AddPointElsewhere(id, value, time);
    }

    private void AddPointElsewhere(ulong id, double value, long time)
    {
        time = Math.Clamp(time, EventTime.Min, EventTime.Max);
        var start = EventTime.StartOf(time, _settings.Size);
        var end = start + _settings.Size;
        if (_windows.IsFinal(end, Watermark))
        {
            _late++;
            return;
        }

        _processed++;
        var ordinal = _table.FindOrAdd(id);
        ref var window = ref _table.States[ordinal].Window;
        if (window.Count > 0 && window.Start == start)
        {
            _windows.Add(ref window, time, value);
        }
        else if (_windows.AddToOther(ordinal, start, time, value))
        {
            _nextEnd = Math.Min(_nextEnd, end);
        }
    }

    private void CloseWindows()
    {
        _nextEnd = long.MaxValue;
        var closed = FinalWindows is null ? null : _closed;
        for (var ordinal = 0; ordinal < _table.Count; ordinal++)
        {
            _nextEnd = Math.Min(_nextEnd, _windows.Close(ordinal, Watermark, closed));
            if (_closed.Count > 0)
            {
                Tell(ordinal);
            }
        }

        _windows.TrimAfterClosing(_nextEnd == long.MaxValue);
    }

    private void Tell(int ordinal)
    {
        if (_table.IsDefined(ordinal))
        {
            FinalWindows?.Invoke(new AggregatesReader(_table, _windows, _settings, Watermark).Describe(ordinal, [.. _closed]));
        }

        _closed.Clear();
    }
}
