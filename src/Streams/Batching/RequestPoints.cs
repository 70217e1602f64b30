using System.Diagnostics;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Streams.Batching;

/// <summary>
/// The valid points of one request, in columns, while it is being read. Reused from request to request; used by one thread at a time.
/// Nothing is handed to the log before the whole request has been read.
/// </summary>
public sealed class RequestPoints(int initialCapacity = 1024)
{
    private readonly List<SeriesEntry> _undefined = [];
    private readonly List<MetricRun> _runs = [];
    private MetricEntry[] _metrics = new MetricEntry[16];
    private int[] _counts = new int[16];
    private MetricKind?[] _kinds = new MetricKind?[16];
    private int[] _touched = new int[16];
    private int[] _metricIndexes = new int[initialCapacity];
    private ulong[] _ids = new ulong[initialCapacity];
    private double[] _values = new double[initialCapacity];
    private long[] _times = new long[initialCapacity];
    private int[] _order = new int[initialCapacity];
    private int _touchedCount;

    /// <summary>Points held.</summary>
    public int Count { get; private set; }

    /// <summary>The definition period of the process; a series not defined in it goes with its definition. Set before the first point.</summary>
    public int DefinitionPeriod { get; set; }

    /// <summary>Under which name the request may be sent again and is counted once; null when it has none. Set before it is submitted.</summary>
    public RequestKey? Key { get; set; }

    /// <summary>Bytes that the points take in memory.</summary>
    public long Bytes => Count * 32L;

    /// <summary>The metrics that have points, in the order of their first.</summary>
    public IEnumerable<MetricEntry> Metrics
    {
        get
        {
            for (var i = 0; i < _touchedCount; i++)
            {
                yield return _metrics[_touched[i]];
            }
        }
    }

    /// <summary>Earliest event time; meaningless without points.</summary>
    internal long MinTime { get; private set; } = long.MaxValue;

    /// <summary>Latest event time; meaningless without points.</summary>
    internal long MaxTime { get; private set; } = long.MinValue;

    /// <summary>Series whose definition must go with these points; may hold a series more than once.</summary>
    internal List<SeriesEntry> Undefined => _undefined;

    /// <summary>After <see cref="Seal"/>: where the points of each metric stand in <see cref="Order"/>.</summary>
    internal List<MetricRun> Runs => _runs;

    /// <summary>After <see cref="Seal"/>: indexes of the points, grouped by metric, each group in the order of arrival.</summary>
    internal ReadOnlySpan<int> Order => _order.AsSpan(0, Count);

    internal ReadOnlySpan<ulong> Ids => _ids.AsSpan(0, Count);

    internal ReadOnlySpan<double> Values => _values.AsSpan(0, Count);

    internal ReadOnlySpan<long> Times => _times.AsSpan(0, Count);

    /// <summary>Adds a point.</summary>
    /// <param name="series">The series, from this process's cache.</param>
    /// <param name="value">Finite.</param>
    /// <param name="time">Event time, Unix milliseconds.</param>
    public void Add(SeriesEntry series, double value, long time)
    {
        Debug.Assert(double.IsFinite(value));
        AddAny(series, value, time);
    }

    /// <summary>Adds a point that names the kind of its metric, after <see cref="Check"/>.</summary>
    /// <param name="series">The series, from this process's cache.</param>
    /// <param name="kind">The kind; null: the point names none.</param>
    /// <param name="value">Finite.</param>
    /// <param name="time">Event time, Unix milliseconds.</param>
    public void Add(SeriesEntry series, MetricKind? kind, double value, long time)
    {
        ArgumentNullException.ThrowIfNull(series);
        var index = series.Metric.Index;
        if (kind == MetricKind.Set || (index < _kinds.Length && _kinds[index] == MetricKind.Set))
        {
            AddElement(series, SetElement.Of(value), time);
            return;
        }

        Add(series, value, time);
        _kinds[index] ??= kind;
    }

    /// <summary>Adds an element of a set, which is named so, after <see cref="Check"/>.</summary>
    /// <param name="series">The series, from this process's cache.</param>
    /// <param name="hash">Of the element: <see cref="SetElement"/>.</param>
    /// <param name="time">Event time, Unix milliseconds.</param>
    public void AddElement(SeriesEntry series, ulong hash, long time)
    {
        ArgumentNullException.ThrowIfNull(series);
        var index = series.Metric.Index;
        var isFirst = index >= _kinds.Length || _kinds[index] != MetricKind.Set;
        AddAny(series, SetElement.ToValue(hash), time);
        _kinds[index] = MetricKind.Set;
        if (isFirst)
        {
            // Points before it did not say what their numbers are.
            for (var i = 0; i < Count - 1; i++)
            {
                if (_metricIndexes[i] == index)
                {
                    _values[i] = SetElement.ToValue(SetElement.Of(_values[i]));
                }
            }
        }
    }

    /// <summary>What the metric is, as the points of this request say, or else as the process knows; null: nobody has said.</summary>
    public MetricKind? KindOf(MetricEntry metric)
    {
        ArgumentNullException.ThrowIfNull(metric);
        return metric.Index < _kinds.Length && _kinds[metric.Index] is { } named ? named : metric.KindIn(DefinitionPeriod);
    }

    /// <summary>Why a point cannot be added for its metric's kind; null: it can.</summary>
    /// <param name="metric">The metric.</param>
    /// <param name="kind">The kind that the point names; null: none.</param>
    /// <param name="value">Its value.</param>
    public RejectReason? Check(MetricEntry metric, MetricKind? kind, double value)
    {
        if (kind is null && !(value < 0))
        {
            return null;
        }

        var known = KindOf(metric);
        if (kind is { } named && known is { } other && named != other)
        {
            return RejectReason.KindConflict;
        }

        return value < 0 && (kind ?? known)?.IsCounter() == true ? RejectReason.NegativeCounter : null;
    }

    /// <summary>Forgets the points and keeps the memory.</summary>
    public void Clear()
    {
        for (var i = 0; i < _touchedCount; i++)
        {
            _counts[_touched[i]] = 0;
            _kinds[_touched[i]] = null;
        }

        _touchedCount = 0;
        _undefined.Clear();
        _runs.Clear();
        Count = 0;
        Key = null;
        MinTime = long.MaxValue;
        MaxTime = long.MinValue;
    }

    /// <summary>Groups the points by metric: one counting sort. No points may be added afterwards.</summary>
    internal void Seal()
    {
        var start = 0;
        for (var i = 0; i < _touchedCount; i++)
        {
            var metric = _touched[i];
            var count = _counts[metric];
            _runs.Add(new MetricRun(_metrics[metric], start, count, _kinds[metric]));
            _counts[metric] = start;
            start += count;
        }

        for (var i = 0; i < Count; i++)
        {
            _order[_counts[_metricIndexes[i]]++] = i;
        }
    }

    private void AddAny(SeriesEntry series, double value, long time)
    {
        var at = Count;
        if (at == _ids.Length)
        {
            Grow();
        }

        var metric = series.Metric.Index;
        if (metric >= _counts.Length || _counts[metric] == 0)
        {
            Touch(series.Metric);
        }

        _counts[metric]++;
        _metricIndexes[at] = metric;
        _ids[at] = series.Id;
        _values[at] = value;
        _times[at] = time;
        MinTime = Math.Min(MinTime, time);
        MaxTime = Math.Max(MaxTime, time);
        if (series.DefinedIn != DefinitionPeriod)
        {
            _undefined.Add(series);
        }

        Count = at + 1;
    }

    private void Touch(MetricEntry metric)
    {
        if (metric.Index >= _counts.Length)
        {
            var size = Math.Max(metric.Index + 1, _counts.Length * 2);
            Array.Resize(ref _counts, size);
            Array.Resize(ref _metrics, size);
            Array.Resize(ref _kinds, size);
        }

        if (_touchedCount == _touched.Length)
        {
            Array.Resize(ref _touched, _touched.Length * 2);
        }

        _metrics[metric.Index] = metric;
        _touched[_touchedCount++] = metric.Index;
    }

    private void Grow()
    {
        var size = _ids.Length * 2;
        Array.Resize(ref _metricIndexes, size);
        Array.Resize(ref _ids, size);
        Array.Resize(ref _values, size);
        Array.Resize(ref _times, size);
        Array.Resize(ref _order, size);
    }

    /// <summary>The points of one metric within the request, and the kind that any of them names.</summary>
    internal readonly record struct MetricRun(MetricEntry Metric, int Start, int Count, MetricKind? Kind);
}
