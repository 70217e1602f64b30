using System.Diagnostics;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.History.Chunks;

/// <summary>The windows of one series as columns: docs/formats/chunk.md, "Columns". Used again from series to series.</summary>
internal sealed class SeriesColumns
{
    private const int MaxRaw = ExponentialHistogram.MaxRaw;

    private readonly BitSink _columns = new();
    private readonly BitSink _sketches = new();
    private readonly NumberColumn _numbers = new();
    private readonly List<(long Start, int Size)> _places = [];
    private readonly List<long> _counts = [];
    private readonly List<long> _offsets = [];
    private readonly List<long> _lastPlaces = [];
    private readonly List<double> _raw = [];
    private readonly List<double> _last = [];
    private readonly List<double> _min = [];
    private readonly List<double> _max = [];
    private readonly List<double> _sum = [];
    private readonly List<double> _expected = [];

    public int Count => _places.Count;

    /// <summary>The windows are of a set: there are no columns of values, and registers in place of sketches.</summary>
    public bool IsSet { get; set; }

    /// <summary>Takes a window that is after those before it.</summary>
    public void Add(WindowState window)
    {
        _places.Add((window.Start, window.Size));
        _counts.Add(window.Count);
        _offsets.Add(window.LastOffset);
        if (IsSet)
        {
            window.Elements.Write(_sketches);
            return;
        }

        if (window.Count <= MaxRaw)
        {
            _raw.AddRange(window.Sketch.Raw);
            if (window.Count > 1)
            {
                _lastPlaces.Add(PlaceOfLast(window));
            }

            return;
        }

        _last.Add(window.Last);
        _min.Add(window.Min);
        _max.Add(window.Max);
        _sum.Add(window.Sum);
        SketchBits.Write(_sketches, window);
    }

    /// <summary>The columns without the sketches. Valid until the next call.</summary>
    public ReadOnlySpan<byte> Columns()
    {
        WritePlaces();
        IntegerColumn.Write(_columns, Span(_counts), default);
        IntegerColumn.Write(_columns, Span(_offsets), default);
        if (IsSet)
        {
            return _columns.ToBytes();
        }

        IntegerColumn.Write(_columns, Span(_lastPlaces), default);
        _numbers.Write(_columns, Span(_raw), default);
        _numbers.Write(_columns, Span(_last), default);
        var places = _numbers.Places;
        _numbers.Write(_columns, Span(_min), Span(_last));
        _numbers.Write(_columns, Span(_max), Span(_last));
        Expect(_counts, Span(_min), Span(_max));
        _numbers.Write(_columns, Span(_sum), Span(_expected), places);
        return _columns.ToBytes();
    }

    /// <summary>The sketches. Valid until the next call.</summary>
    public ReadOnlySpan<byte> Sketches() => _sketches.ToBytes();

    public void Clear()
    {
        _columns.Clear();
        _sketches.Clear();
        _places.Clear();
        _counts.Clear();
        _offsets.Clear();
        _lastPlaces.Clear();
        _raw.Clear();
        _last.Clear();
        _min.Clear();
        _max.Clear();
        _sum.Clear();
    }

    /// <summary>Reads the columns of a series; its windows are then taken one by one with a <see cref="WindowCursor"/>.</summary>
    /// <param name="windows">How many.</param>
    /// <param name="columns">Their columns.</param>
    /// <param name="version">Of the chunk.</param>
    /// <exception cref="InvalidDataException">The bytes are no such windows.</exception>
    public void Read(int windows, ReadOnlySpan<byte> columns, int version)
    {
        Clear();
        var input = new BitReader(columns);
        ReadPlaces(ref input, windows);
        ReadIntegers(ref input, _counts, windows, version);
        ReadIntegers(ref input, _offsets, windows, version);
        var (raw, totals, several) = (0, 0, 0);
        for (var i = 0; i < windows; i++)
        {
            if (_counts[i] < 1 || (ulong)_offsets[i] >= (ulong)_places[i].Size)
            {
                throw new InvalidDataException("a window has no points, or its last value lies outside of it");
            }

            totals += _counts[i] > MaxRaw ? 1 : 0;
            raw += _counts[i] <= MaxRaw ? (int)_counts[i] : 0;
            several += _counts[i] is > 1 and <= MaxRaw ? 1 : 0;
        }

        if (!IsSet)
        {
            ReadIntegers(ref input, _lastPlaces, several, version);
            ReadNumbers(ref input, _raw, raw, default, version);
            ReadNumbers(ref input, _last, totals, default, version);
            ReadNumbers(ref input, _min, totals, Span(_last), version);
            ReadNumbers(ref input, _max, totals, Span(_last), version);
            Expect(_counts, Span(_min), Span(_max));
            ReadNumbers(ref input, _sum, totals, Span(_expected), version);
        }

        if (!input.AtEnd)
        {
            throw new InvalidDataException("bits are left after the columns of a series");
        }
    }

    /// <summary>Takes the next window out of what <see cref="Read"/> has read.</summary>
    /// <param name="at">Where to go on; starts at its default.</param>
    /// <param name="bits">The sketches.</param>
    /// <param name="sketches">How to read those of windows of more than eight points.</param>
    /// <param name="window">Where to.</param>
    /// <exception cref="InvalidDataException">It is none.</exception>
    public void Take(ref Place at, ref BitReader bits, SketchReading sketches, WindowState window)
    {
        (window.Start, window.Size) = _places[at.Window];
        window.IsSet = IsSet;
        window.Count = _counts[at.Window];
        window.LastOffset = (int)_offsets[at.Window];
        window.Revision = 0;
        at.Window++;
        if (IsSet)
        {
            window.Sum = window.Min = window.Max = window.Last = 0;
            window.Elements.Read(ref bits, window.Count);
            return;
        }

        window.ClearSketch();
        if (window.Count <= MaxRaw)
        {
            FillRaw(window, Span(_raw).Slice(at.Raw, (int)window.Count), window.Count > 1 ? _lastPlaces[at.Several++] : 0);
            at.Raw += (int)window.Count;
            return;
        }

        (window.Last, window.Min, window.Max, window.Sum) = (_last[at.Total], _min[at.Total], _max[at.Total], _sum[at.Total]);
        at.Total++;
        if (!double.IsFinite(window.Min) || !double.IsFinite(window.Max) || !(window.Min <= window.Last && window.Last <= window.Max))
        {
            throw new InvalidDataException("a window's last value is below its least or above its greatest");
        }

        if (sketches != SketchReading.None)
        {
            SketchBits.Read(ref bits, window, sketches);
        }
    }

    private static void FillRaw(WindowState window, ReadOnlySpan<double> values, long place)
    {
        foreach (var value in values)
        {
            window.Sketch.Add(double.IsFinite(value) ? value : throw new InvalidDataException("a value is not finite"));
        }

        window.Last = place >= 0 && place < values.Length ? values[(int)place] : throw new InvalidDataException("a last value is none of its window");
        WindowMerge.SetTotalsOfRaw(window);
    }

    private static int PlaceOfLast(WindowState window)
    {
        var raw = window.Sketch.Raw;
        for (var i = 0; i < raw.Length; i++)
        {
            if (BitConverter.DoubleToInt64Bits(raw[i]) == BitConverter.DoubleToInt64Bits(window.Last))
            {
                return i;
            }
        }

        throw new UnreachableException("The last value of a window is none of its values.");
    }

    /// <summary>Runs of windows that follow each other.</summary>
    private void WritePlaces()
    {
        var (end, size) = (0L, 0);
        for (var i = 0; i < _places.Count;)
        {
            var (start, own) = _places[i];
            var run = 1;
            while (i + run < _places.Count && _places[i + run] == (start + (long)run * own, own))
            {
                run++;
            }

            _columns.Write(own == size ? 0UL : 1, 1);
            if (own != size)
            {
                _columns.Write((ulong)own, 31);
            }

            var inSteps = own == size && start >= end && (start - end) % own == 0 && (start - end) / own < int.MaxValue;
            _columns.Write(inSteps ? 0UL : 1, 1);
            if (inSteps)
            {
                _columns.WriteGamma((ulong)((start - end) / own) + 1);
            }
            else
            {
                _columns.Write((ulong)start, 64);
            }

            _columns.WriteGamma((ulong)run);
            (end, size) = (start + (long)run * own, own);
            i += run;
        }
    }

    private void ReadPlaces(ref BitReader input, int windows)
    {
        var (end, size) = (0L, 0);
        while (_places.Count < windows)
        {
            if (input.Read(1) == 1)
            {
                size = (int)input.Read(31);
            }

            var start = input.Read(1) == 1 ? (long)input.Read(64) : end + checked((long)Math.Min(input.ReadGamma() - 1, int.MaxValue) * size);
            var run = input.ReadGamma();
            if (size == 0 || run > (ulong)(windows - _places.Count) || start <= MetricAggregator.EarliestTime - size
                || start > MetricAggregator.LatestTime - (long)run * size + size)
            {
                throw new InvalidDataException("windows lie beyond all calendars, have no length or are too many");
            }

            if (_places.Count > 0 && (start < _places[^1].Start || (start == _places[^1].Start && size <= _places[^1].Size)))
            {
                throw new InvalidDataException("the windows of a series are not in order");
            }

            for (; run > 0; run--)
            {
                _places.Add((start, size));
                start += size;
            }

            end = start;
        }
    }

    /// <summary>What sums would be if values were spread evenly.</summary>
    private void Expect(List<long> counts, ReadOnlySpan<double> min, ReadOnlySpan<double> max)
    {
        _expected.Clear();
        foreach (var count in counts)
        {
            if (count > MaxRaw)
            {
                var at = _expected.Count;
                _expected.Add(BitConverter.DoubleToInt64Bits(min[at]) == BitConverter.DoubleToInt64Bits(max[at]) ? min[at] * count : (min[at] + max[at]) * (count * 0.5));
            }
        }
    }

    private static void ReadIntegers(ref BitReader input, List<long> column, int count, int version)
    {
        System.Runtime.InteropServices.CollectionsMarshal.SetCount(column, count);
        IntegerColumn.Read(ref input, Span(column), default, version);
    }

    private void ReadNumbers(ref BitReader input, List<double> column, int count, ReadOnlySpan<double> expected, int version)
    {
        System.Runtime.InteropServices.CollectionsMarshal.SetCount(column, count);
        _numbers.Read(ref input, Span(column), expected, version);
    }

    private static Span<T> Span<T>(List<T> list) => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(list);

    /// <summary>A place in the columns of a series.</summary>
    public record struct Place(int Window, int Raw, int Total, int Several);
}
