using System.Globalization;
using System.Text;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Series;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.Aggregation;
using OrleansMetrics.Grains.History.Chunks;

namespace OrleansMetrics.Grains.History;

/// <summary>Answers a query of a range out of chunks. Pure; used once.</summary>
internal sealed class RangeReader(RangeQuery query, double[] quantiles, long finalThrough)
{
    private readonly SeriesMerger _merger = new();
    private readonly int _step = (int)query.Step.TotalMilliseconds;
    private readonly SketchReading _sketches = quantiles.Length > 0 ? SketchReading.Full : SketchReading.None;
    private readonly RangeWindows _windows = new(query.Members, quantiles, finalThrough);

    /// <summary>Checks what can be checked without the metric.</summary>
    /// <param name="query">The query.</param>
    /// <param name="size">Length of a window as it comes, milliseconds.</param>
    /// <exception cref="ArgumentException">It is out of range; the message says how.</exception>
    public static void Check(RangeQuery query, long size)
    {
        if (query.From >= query.To)
        {
            throw new ArgumentException("The range ends before it starts.", nameof(query));
        }

        var step = query.Step.TotalMilliseconds;
        if (step < 0 || step % size != 0 || step > TimeSpan.FromDays(7).TotalMilliseconds)
        {
            throw new ArgumentException($"The step is {query.Step}; it must be a multiple of {TimeSpan.FromMilliseconds(size)}, up to 7 days.", nameof(query));
        }

        var windows = (query.To - query.From).TotalMilliseconds / (step > 0 ? step : size);
        if (windows > RangeQuery.MaxWindows)
        {
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"The range has {Math.Ceiling(windows):N0} windows per series, more than {RangeQuery.MaxWindows:N0}: ask for a shorter range or a longer step."), nameof(query));
        }

        if (query.Limit is < 1 or > RangeQuery.MaxLimit)
        {
            throw new ArgumentException($"The limit is {query.Limit}; it must be 1 to {RangeQuery.MaxLimit}.", nameof(query));
        }

        if (query.Quantiles is { } wanted && (wanted.Length > 16 || wanted.Any(static q => !(q > 0 && q <= 1))))
        {
            throw new ArgumentException("The quantiles must be at most 16 probabilities above 0 and up to 1.", nameof(query));
        }

        if (query is { GroupBy: not null, After: not null })
        {
            throw new ArgumentException("Groups have no pages.", nameof(query));
        }
    }

    /// <summary>Adds windows that start within a range.</summary>
    /// <param name="chunk">They are in it.</param>
    /// <param name="from">Windows that start at or after this.</param>
    /// <param name="to">Windows that start before this.</param>
    /// <param name="corrects">It has late points.</param>
    /// <param name="earliest">Where its windows begin, as far as that is known.</param>
    public void Add(Chunk chunk, long from, long to, bool corrects, long earliest = long.MaxValue) => _merger.Add(chunk, from, to, corrects, earliest);

    /// <summary>The answer, series by series.</summary>
    /// <exception cref="ArgumentException">The cursor names no series of the range.</exception>
    public IEnumerable<SeriesRange> Read() => query.GroupBy is { } names ? ReadGroups(names) : ReadSeries();

    private IEnumerable<SeriesRange> ReadSeries()
    {
        var left = query.Limit;
        foreach (var (id, tags) in Matching(query.After))
        {
            _merger.MergeInto(id, _step, _sketches, _windows);
            if (_windows.Finish() is { Count: > 0 } windows)
            {
                yield return new SeriesRange { Cursor = id.ToString("x16", CultureInfo.InvariantCulture), Tags = tags, Windows = windows };
                if (--left == 0)
                {
                    yield break;
                }
            }
        }
    }

    private IEnumerable<SeriesRange> ReadGroups(string[] names)
    {
        var groups = new SortedDictionary<string, (Tag[] Tags, Dictionary<(long, int), WindowState> Windows)>(StringComparer.Ordinal);
        foreach (var (id, tags) in Matching(null))
        {
            Tag[] own = [.. tags.Where(tag => names.Contains(tag.Name, StringComparer.Ordinal))];
            var key = Convert.ToHexString(SeriesKey.Encode(own));
            if (!groups.TryGetValue(key, out var group))
            {
                if (groups.Count == query.Limit)
                {
                    continue;
                }

                groups.Add(key, group = (own, []));
            }

            var windows = _merger.Merge(id, _step, _sketches);
            for (var i = 0; i < windows.Count; i++)
            {
                var window = windows[i];
                if (!group.Windows.TryGetValue((window.Start, window.Size), out var sum))
                {
                    group.Windows.Add((window.Start, window.Size), Copy(window));
                }
                else
                {
                    WindowMerge.Add(sum, window, _sketches != SketchReading.None);
                }
            }
        }

        foreach (var (_, (tags, windows)) in groups)
        {
            var all = new WindowPool();
            foreach (var window in windows.Values)
            {
                all.Put(window);
            }

            all.Sort();
            for (var i = 0; i < all.Count; i++)
            {
                _windows.Add(all[i]);
            }

            if (all.Count > 0)
            {
                yield return new SeriesRange { Cursor = null, Tags = tags, Windows = _windows.Finish() };
            }
        }
    }

    private IEnumerable<(ulong Id, Tag[] Tags)> Matching(string? after)
    {
        var skip = after is not null;
        foreach (var (id, key) in _merger.List())
        {
            if (skip)
            {
                skip = !string.Equals(id.ToString("x16", CultureInfo.InvariantCulture), after, StringComparison.Ordinal);
                continue;
            }

            if (key is not null && SeriesKey.Decode(key) is var tags && Array.TrueForAll(query.Tags, tags.Contains))
            {
                yield return (id, tags);
            }
        }

        if (skip)
        {
            throw new ArgumentException($"The cursor '{after}' names no series of the range.", nameof(after));
        }
    }

    private static WindowState Copy(WindowState window)
    {
        var copy = new WindowState
        {
            Start = window.Start,
            Size = window.Size,
            Count = window.Count,
            Sum = window.Sum,
            Min = window.Min,
            Max = window.Max,
            Last = window.Last,
            LastOffset = window.LastOffset,
            Revision = window.Revision,
        };
        if (window.IsSet)
        {
            copy.IsSet = true;
            copy.Elements.Merge(window.Elements);
        }
        else
        {
            copy.Sketch.Merge(window.Sketch);
        }

        return copy;
    }
}
