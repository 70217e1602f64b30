using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.History;

namespace OrleansMetrics.Grains.Aggregation;

// Late points, as long as their window takes them: they go into windows of their own, in an aggregator beside this one whose windows are final, "settled", later by
// WindowSettings.CorrectFor. Whoever reads adds the windows of one place up. So a final window stays as it is, in memory and in chunks, and what corrects it is written
// to history when it is settled, once, as the window was before. docs/decisions/013-late-corrections.md says why.
public sealed partial class MetricAggregator
{
    /// <summary>Corrected in the slice that is being applied, while somebody wants to know.</summary>
    private HashSet<(int Row, long Start)>? _toTell;

    private MetricAggregator? _corrections;
    private long _correctionsKeptAfter = long.MaxValue;
    private long _settledThrough = long.MinValue;

    /// <summary>Late points from this time on correct their windows.</summary>
    private long _correctFrom;
    private long _corrected;
    private long _trimmedThrough = long.MinValue;

    /// <summary>Windows that end at or before this are final and take no late points any more; never above <see cref="FinalThrough"/>. <see cref="long.MinValue"/>: none.</summary>
    public long SettledThrough => _settledThrough;

    /// <summary>How much later than final windows are settled.</summary>
    public long SettlingTime => _settledThrough == long.MinValue || _finalThrough == long.MinValue ? _settings.CorrectFor : _finalThrough - _settledThrough;

    /// <summary>
    /// Late points of windows that end after this are kept in memory and in snapshots, however many are settled: history does not have them yet.
    /// <see cref="long.MaxValue"/>, at first: there is no history.
    /// </summary>
    public long CorrectionsKeptAfter
    {
        get => _correctionsKeptAfter;
        set
        {
            _correctionsKeptAfter = value;
            if (_corrections is not null)
            {
                _corrections.KeptAfter = value;
            }
        }
    }

    /// <summary>The earliest end of a window with late points that ends after an instant; <see cref="long.MaxValue"/> when there is none.</summary>
    public long EarliestCorrectedEnd(long after) => _corrections?.EarliestEnd(after) ?? long.MaxValue;

    /// <summary>Writes late points of windows that end after one instant and at or before another as a chunk of rows, as <see cref="WriteRows"/> does the points in time.</summary>
    /// <param name="after">End of what is not wanted any more.</param>
    /// <param name="through">End of what is wanted.</param>
    public RowChunk WriteCorrectedRows(long after, long through) => _corrections?.WriteRows(after, through) ?? new RowChunk([], 0, long.MaxValue, long.MinValue);

    private void Settle(int points)
    {
        if (_finalThrough >= long.MinValue + _settings.CorrectFor && _finalThrough - _settings.CorrectFor > _settledThrough)
        {
            SetSettledThrough(_finalThrough - _settings.CorrectFor);
        }

        if (_corrections is { } corrections)
        {
            corrections.Watermark = Watermark;
            if (_settledThrough > corrections._finalThrough)
            {
                corrections.SetFinalThrough(_settledThrough);
            }

            if (!corrections._open.IsEmpty && corrections._open.FirstEnd <= _settledThrough)
            {
                corrections.CloseWindows(ClosedPerCall + points);
            }
        }
    }

    private void SetSettledThrough(long settledThrough)
    {
        _settledThrough = settledThrough;
        _correctFrom = settledThrough < _earliest ? _earliest : WindowStart(settledThrough);
    }

    /// <summary>A point whose window is final.</summary>
    private void ApplyLate(int row, ulong id, double value, long time)
    {
        if (time < _correctFrom)
        {
            _late++;
            return;
        }

        row = row < 0 ? _series.Find(id) : row;
        var isKnown = row >= 0 && !IsExpired(row);
        if (isKnown && _series.Histories[row].IsCollided)
        {
            See(row, Watermark);
            _collided++;
            return;
        }

        var start = WindowStart(time);
        if (_corrections is { } waiting && waiting._open.Count >= _settings.MaxCorrected
            && waiting._open.CountAfter(_settledThrough) >= _settings.MaxCorrected && !(isKnown && waiting.HasWindow(id, start)))
        {
            _late++;
            return;
        }

        if (!isKnown)
        {
            row = RowOf(id, isDefined: false);
            if (row < 0)
            {
                row = OverflowRow();
                _overflowed++;
            }
        }

        _processed++;
        _corrected++;
        AddToTotals(ref _series.Rows[row], _windows.Values.Elements is null ? value : 0);
        _corrections ??= CreateCorrections();
        if (_corrections.AddCorrection(_series.Rows[row].Id, _series.Histories[row].IsDefined, _series.KeyOf(row), start, (int)(time - start), value))
        {
            See(row, Watermark);
        }

        if (FinalWindows is not null)
        {
            (_toTell ??= []).Add((row, start));
        }
    }

    private MetricAggregator CreateCorrections()
    {
        var corrections = new MetricAggregator(_settings with { AllowedLateness = _settings.AllowedLateness + _settings.CorrectFor, CorrectFor = 0 })
        {
            Watermark = Watermark,
            KeptAfter = _correctionsKeptAfter,
        };
        if (_settledThrough > long.MinValue)
        {
            corrections.SetFinalThrough(_settledThrough);
        }

        if (_kind == MetricKind.Set)
        {
            // Of other kinds it has increments or values as they are.
            corrections.SetKind(MetricKind.Set);
        }

        return corrections;
    }

    /// <summary>On the aggregator of late points: adds one.</summary>
    /// <returns>True when its window is new.</returns>
    private bool AddCorrection(ulong id, bool isDefined, ReadOnlySpan<byte> key, long start, int offset, double value)
    {
        var row = _series.Find(id);
        if (row < 0)
        {
            row = _series.FindOrAdd(id);
            _series.Histories[row].Seen = Math.Max(Watermark, long.MinValue + 1);
            _earliestSeen = Math.Min(_earliestSeen, _series.Histories[row].Seen);
        }

        if (isDefined && !_series.Histories[row].IsDefined)
        {
            _series.TryDefine(row, key);
        }

        // One open window per series at a time: they take points for long, in any order, and an open window is many times as large as a packed one.
        if (_series.Rows[row].Window.Start != start)
        {
            _windows.PackCurrent(row, _size);
        }

        if (!_windows.Add(row, start, _size, offset, value))
        {
            return false;
        }

        See(row, Math.Max(Watermark, start + _size));
        _open.Add(start + _size, _size, row);
        return true;
    }

    /// <summary>On the aggregator of late points: the definition of a series that may have come before it.</summary>
    private void DefineCorrected(ulong id, ReadOnlySpan<byte> key)
    {
        if (_series.Find(id) is >= 0 and var row && !_series.Histories[row].IsDefined)
        {
            _series.TryDefine(row, key);
        }
    }

    private bool HasWindow(ulong id, long start) => _series.Find(id) is >= 0 and var row
        && (_series.Rows[row].Window.Start == start || _windows.Packed.TryFind(row, start, _size, out _));

    /// <summary>Gives memory back that settled windows took.</summary>
    private bool RemoveSettled()
    {
        if (_corrections is not { } corrections)
        {
            return false;
        }

        var removed = corrections.RemoveExpired();
        if (corrections.IsEmpty)
        {
            _corrections = null;
            return removed;
        }

        var packed = corrections._windows.Packed;
        var through = Math.Min(packed.ClosedThrough, packed.KeptAfter);
        if (through > _trimmedThrough)
        {
            _trimmedThrough = through;
            for (var row = 0; row < corrections._series.Count; row++)
            {
                packed.Trim(row);
            }
        }

        return removed;
    }

    private int CorrectedRowOf(int row) => _corrections?._series.Find(_series.Rows[row].Id) ?? -1;

    private SeriesAggregates Describe(int row, int corrected, AggregatesQuery query)
    {
        var windows = new List<WindowAggregate>();
        foreach (var window in ListCorrected(row, corrected))
        {
            if (Includes(query, window.Place, out var final))
            {
                windows.Add(Describe(row, corrected, window, final));
            }
        }

        return Describe(row, [.. windows]);
    }

    private WindowAggregate Describe(int row, int corrected, in CorrectedWindow window, bool final)
    {
        if (window.Late is not { } late)
        {
            return Describe(_windows.Load(row, window.Place), final);
        }

        var points = _corrections!._windows.Load(corrected, late);
        var revision = points.Count;
        if (window.Own is { } own)
        {
            var sum = _windows.Load(row, own);
            WindowMerge.Add(sum, points);
            points = sum;
        }

        return Describe(points, final) with { Revision = revision };
    }

    /// <summary>A final window of its own with the late points that there are.</summary>
    private WindowAggregate DescribeFinal(int row, in WindowReference window)
    {
        var late = default(WindowReference?);
        var corrected = CorrectedRowOf(row);
        if (corrected >= 0)
        {
            _corrections!.ListAll(corrected);
            late = FindPlace(_corrections._listed, window.Start, window.Size);
        }

        return Describe(row, corrected, new CorrectedWindow(window, late), final: true);
    }

    private void TellCorrected()
    {
        if (_toTell is not { Count: > 0 })
        {
            return;
        }

        foreach (var (row, start) in _toTell)
        {
            if (FinalWindows is not { } sink || !_series.Histories[row].IsDefined)
            {
                continue;
            }

            var corrected = CorrectedRowOf(row);
            foreach (var window in ListCorrected(row, corrected))
            {
                // One that is not retained any more is whole in history only.
                if (window.Place.Start == start && window.Place.Size == _size)
                {
                    sink.WindowFinal(Describe(row, [Describe(row, corrected, window, final: true)]));
                }
            }
        }

        _toTell.Clear();
    }

    private void ListAll(int row) => _windows.List(row, _size, _finalThrough, int.MaxValue, _listed);

    private static WindowReference? FindPlace(List<WindowReference> windows, long start, int size)
    {
        foreach (var window in windows)
        {
            if (window.Start == start && window.Size == size)
            {
                return window;
            }
        }

        return null;
    }

    /// <summary>All windows of a series that has late points, in order, final ones beyond those to be retained left out.</summary>
    private List<CorrectedWindow> ListCorrected(int row, int corrected)
    {
        var late = _corrections!;
        _windows.List(row, _size, _finalThrough, _settings.Retained, _listed);
        late._windows.List(corrected, _size, late._finalThrough, _settings.Retained, late._listed);
        var finals = 0;
        foreach (var window in _listed)
        {
            finals += window.End <= _finalThrough ? 1 : 0;
        }

        var merged = new List<CorrectedWindow>(_listed.Count + late._listed.Count);
        var at = 0;
        foreach (var own in _listed)
        {
            for (; at < late._listed.Count && late._listed[at].CompareTo(own) < 0; at++)
            {
                AddLateOnly(merged, late._listed[at], ref finals);
            }

            var isCorrected = at < late._listed.Count && late._listed[at].CompareTo(own) == 0;
            merged.Add(new CorrectedWindow(own, isCorrected ? late._listed[at++] : null));
        }

        for (; at < late._listed.Count; at++)
        {
            AddLateOnly(merged, late._listed[at], ref finals);
        }

        // Points in time of what is before the last ones may be forgotten here, so late points there are not shown by themselves.
        for (var i = 0; finals > _settings.Retained && i < merged.Count;)
        {
            if (merged[i].Place.End <= _finalThrough)
            {
                merged.RemoveAt(i);
                finals--;
            }
            else
            {
                i++;
            }
        }

        return merged;
    }

    private void AddLateOnly(List<CorrectedWindow> merged, in WindowReference window, ref int finals)
    {
        if (window.End > _expiredThrough)
        {
            merged.Add(new CorrectedWindow(null, window));
            finals++;
        }
    }

    private void WriteCorrections(SnapshotBuffer writer)
    {
        if (_corrections is null)
        {
            writer.Varint(0);
        }
        else
        {
            _corrections.WriteAllSeries(writer);
        }
    }

    private void ReadCorrections(ref SnapshotReader input)
    {
        var count = input.ReadCount();
        if (count == 0)
        {
            return;
        }

        var corrections = _corrections = CreateCorrections();
        corrections._windows.Packed.ClosedThrough = corrections._windows.Packed.RestoredThrough = _settledThrough;
        var seen = 0L;
        for (long i = 0; i < count; i++)
        {
            corrections.ReadSeries(ref input, i, SnapshotVersion, ref seen);
            if (corrections._series.Rows[(int)i].Count > 0 || corrections._series.Histories[(int)i].IsCollided)
            {
                throw new InvalidDataException("late points have totals of their own");
            }
        }

        if (!corrections._open.IsEmpty && corrections._open.LastEnd > _finalThrough)
        {
            throw new InvalidDataException("a window has late points and is not final");
        }

        corrections.SetNextLook();
    }

    /// <summary>The windows of one place.</summary>
    /// <param name="Own">With the points in time; null: there is none.</param>
    /// <param name="Late">With the late points; null: there is none.</param>
    private readonly record struct CorrectedWindow(WindowReference? Own, WindowReference? Late)
    {
        public WindowReference Place => Own ?? Late!.Value;
    }
}
