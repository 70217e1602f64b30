using OrleansMetrics.Grains.Aggregation;
using OrleansMetrics.Grains.History.Chunks;

namespace OrleansMetrics.Grains.History;

/// <summary>
/// Brings the windows of each series together out of several chunks, those of one place in time into one, and rolls them up. Chunks come in the order in which they
/// were written, those with late points last: of equal times the last value of the later one counts.
/// </summary>
/// <remarks>Used by one thread at a time; what it returns is used again for the next series.</remarks>
internal sealed class SeriesMerger
{
    private readonly SeriesColumns _columns = new();
    private readonly WindowPool _windows = new();
    private readonly Dictionary<ulong, List<(Part Part, ChunkSeries Series)>> _series = [];
    private readonly List<(Part Part, ChunkSeries Series)> _inTime = [];
    private int _parts;

    /// <summary>Room for columns, for whoever writes what was merged.</summary>
    public SeriesColumns Columns { get; } = new();

    /// <summary>Adds a chunk's windows that start within a range.</summary>
    /// <param name="chunk">The chunk.</param>
    /// <param name="from">Windows that start at or after this.</param>
    /// <param name="to">Windows that start before this.</param>
    /// <param name="corrects">It has late points, which count as revisions.</param>
    /// <param name="earliest">About where its windows begin.</param>
    public void Add(Chunk chunk, long from, long to, bool corrects = false, long earliest = long.MaxValue)
    {
        var part = new Part(chunk, from, to, corrects, earliest, _parts++);
        foreach (var series in chunk.Series)
        {
            if (!_series.TryGetValue(series.Id, out var parts))
            {
                _series.Add(series.Id, parts = []);
            }

            parts.Add((part, series));
        }
    }

    /// <summary>The series in the order of their keys; those without one first.</summary>
    public IReadOnlyList<(ulong Id, byte[]? Key)> List()
    {
        var list = new List<(ulong Id, byte[]? Key)>(_series.Count);
        foreach (var (id, parts) in _series)
        {
            list.Add((id, parts.Find(static one => one.Series.Key is not null).Series.Key));
        }

        list.Sort(static (one, other) =>
        {
            var order = one.Key.AsSpan().SequenceCompareTo(other.Key);
            return order != 0 ? order : one.Id.CompareTo(other.Id);
        });
        return list;
    }

    /// <summary>The windows of a series, in order. Valid until the next call.</summary>
    /// <param name="id">A series that <see cref="List"/> named.</param>
    /// <param name="step">Length of the windows wanted; shorter ones that lie within one go into it. 0: as they are.</param>
    /// <param name="sketches">How to read sketches of more than eight points.</param>
    /// <exception cref="InvalidDataException">A chunk is damaged.</exception>
    public WindowPool Merge(ulong id, int step, SketchReading sketches)
    {
        _windows.Clear();
        foreach (var (part, series) in _series[id])
        {
            var before = _windows.Count;
            part.Chunk.Read(series, _columns, sketches, _windows);
            _windows.KeepStarts(before, part.From, part.To);
            for (; before < _windows.Count; before++)
            {
                _windows[before].Revision = part.Corrects ? _windows[before].Count : 0;
            }
        }

        if (step > 0)
        {
            for (var i = 0; i < _windows.Count; i++)
            {
                Widen(_windows[i], step);
            }
        }

        _windows.Sort();
        _windows.MergeEqual((into, other) => WindowMerge.Add(into, other, sketches != SketchReading.None));
        return _windows;
    }

    /// <summary>
    /// Hands out the windows of a series, merged, without having them all in full at a time. That works when chunks follow each other in time, as they nearly always do; else the windows are
    /// those of <see cref="Merge"/>.
    /// </summary>
    /// <param name="id">A series that <see cref="List"/> named.</param>
    /// <param name="step">Length of the windows wanted, as for <see cref="Merge"/>.</param>
    /// <param name="sketches">How to read sketches of more than eight points.</param>
    /// <param name="into">Where to.</param>
    /// <exception cref="InvalidDataException">A chunk is damaged.</exception>
    public void MergeInto(ulong id, int step, SketchReading sketches, RangeWindows into)
    {
        into.Clear();
        if (TryStream(_series[id], step, sketches, into))
        {
            return;
        }

        into.Clear();
        var windows = Merge(id, step, sketches);
        for (var i = 0; i < windows.Count; i++)
        {
            into.Add(windows[i]);
        }
    }

    /// <summary>The start of the step that a time lies in.</summary>
    public static long StepStart(long time, long step)
    {
        var offset = time % step;
        return time - (offset < 0 ? offset + step : offset);
    }

    /// <summary>Makes a window one of a longer step if it lies within that.</summary>
    public static void Widen(WindowState window, int step)
    {
        var start = StepStart(window.Start, step);
        if (window.Size <= step && window.End <= start + step)
        {
            WindowMerge.Widen(window, start, step);
        }
    }

    private bool TryStream(List<(Part Part, ChunkSeries Series)> parts, int step, SketchReading sketches, RangeWindows into)
    {
        // Late points are nowhere near the end: they belong to windows that have long been taken.
        if (parts.Exists(static one => one.Part.Corrects))
        {
            return false;
        }

        _inTime.Clear();
        _inTime.AddRange(parts.OrderBy(static one => one.Part.Earliest));
        foreach (var (part, series) in _inTime)
        {
            var cursor = part.Chunk.Open(series, _columns, sketches);
            if (!into.TryTake(ref cursor, part.From, part.To, step, part.Order))
            {
                return false;
            }
        }

        return true;
    }

    private sealed record Part(Chunk Chunk, long From, long To, bool Corrects, long Earliest, int Order);
}
