using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Series;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.Tests.Aggregation;

/// <summary>What <see cref="MetricAggregator"/> should do, written for clarity: keeps every value.</summary>
internal sealed class ReferenceAggregator(WindowSettings settings)
{
    private static readonly byte[] OverflowKey = SeriesKey.Encode([new Tag("otel.metric.overflow", "true")]);
    private static readonly ulong OverflowId = SeriesKey.Hash(OverflowKey);

    private readonly List<Series> _series = [];
    private long _watermark = long.MinValue;
    private MetricKind? _kind;

    /// <summary>Windows with late points that still take some, also of series that are gone.</summary>
    private readonly HashSet<(ulong Id, long Start)> _waiting = [];

    public AggregatorCounters Counters { get; private set; }

    /// <summary>Totals that had become smaller.</summary>
    public int Resets { get; private set; }

    public List<SeriesAggregates> Told { get; } = [];

    public int SeriesCount => _series.Count;

    private long FinalThrough => _watermark - settings.AllowedLateness;

    public long NextCloseAt => Math.Min(
        NextFinalAt, _waiting.Select(window => window.Start + settings.Size + settings.AllowedLateness + settings.CorrectFor).DefaultIfEmpty(long.MaxValue).Min());

    private long NextFinalAt => _series.SelectMany(static series => series.Windows).Where(static window => !window.Final)
        .Select(window => window.End + settings.AllowedLateness).DefaultIfEmpty(long.MaxValue).Min();

    public void Apply(AggregatorStep step)
    {
        Advance(step.Watermark);
        foreach (var definition in step.Slice?.Definitions ?? [])
        {
            if (Find(definition.Id, isDefined: true) is not { } series)
            {
                continue;
            }

            series.Seen = Math.Max(series.Seen, _watermark);
            series.Collided |= series.Key is not null && !series.Key.SequenceEqual(definition.Key);
            series.Key ??= definition.Key;
        }

        var corrected = new List<(Series Series, Window Window)>();
        var conflicts = step.Slice?.Kind is { } named && _kind is { } kind && named != kind;
        if (step.Slice?.Kind is { } first && _kind is null)
        {
            conflicts = first is MetricKind.CumulativeCounter or MetricKind.Set && Counters.Processed > 0;
            _kind = conflicts ? null : first;
        }

        foreach (var point in step.Slice?.Points ?? [])
        {
            if (conflicts || (point.Value < 0 && _kind is MetricKind.Counter or MetricKind.CumulativeCounter))
            {
                Counters = Counters with { Conflicted = Counters.Conflicted + 1 };
            }
            else
            {
                Apply(point, corrected);
            }
        }

        foreach (var (series, window) in corrected.Distinct().Where(one => one.Series.Key is not null && Shown(one.Series).Contains(one.Window)))
        {
            Told.Add(Describe(series, [window]));
        }
    }

    public MetricAggregates Query(AggregatesQuery query)
    {
        var after = query.After is null ? -1 : _series.FindIndex(series => series.Id.ToString("x16") == query.After);
        var matching = _series
            .Skip(after + 1)
            .Where(series => series.Key is not null && series.Values.Count > 0 && query.Tags.All(SeriesKey.Decode(series.Key).Contains))
            .ToList();
        return new MetricAggregates
        {
            Metric = "metric",
            Kind = _kind ?? MetricKind.Gauge,
            Series = [.. matching.Take(query.Limit).Select(series => Describe(series, Shown(series).Where(window => Includes(query, window))))],
            Next = matching.Count > query.Limit ? matching[query.Limit - 1].Id.ToString("x16") : null,
        };
    }

    /// <summary>Open windows and the last final ones.</summary>
    private List<Window> Shown(Series series) =>
    [
        .. series.Windows.Where(static window => !window.Final),
        .. series.Windows.Where(window => window.Final && !IsExpired(window.End)).OrderByDescending(static window => window.Start).Take(settings.Retained),
    ];

    private static bool Includes(AggregatesQuery query, Window window) =>
        (query.From is null || Time(window.End) > query.From) && (query.To is null || Time(window.Start) < query.To) && (window.Final || !query.FinalOnly);

    private bool IsExpired(long time) => settings.Series.Expiry < long.MaxValue && time + settings.Series.Expiry <= FinalThrough;

    private void Advance(long watermark)
    {
        _watermark = Math.Max(_watermark, watermark);
        _waiting.RemoveWhere(window => window.Start + settings.Size + settings.AllowedLateness + settings.CorrectFor <= _watermark);
        while (NextFinalAt <= _watermark)
        {
            var end = NextFinalAt - settings.AllowedLateness;
            foreach (var series in _series)
            {
                foreach (var window in series.Windows.Where(window => window.End == end && !window.Final))
                {
                    window.Final = true;
                    if (series.Key is not null)
                    {
                        Told.Add(Describe(series, [window]));
                    }
                }

                var excess = series.Windows.Where(static window => window.Final).OrderByDescending(static window => window.Start).Skip(settings.Retained).ToHashSet();
                series.Windows.RemoveAll(excess.Contains);
            }
        }

        _series.RemoveAll(series => IsExpired(series.Seen));
        _series.ForEach(series => series.Windows.RemoveAll(window => window.Final && IsExpired(window.End)));
    }

    private void Apply(TestPoint point, List<(Series Series, Window Window)> corrected)
    {
        var start = (long)Math.Floor((decimal)point.Time / settings.Size) * settings.Size;
        var finalAt = start + settings.Size + settings.AllowedLateness;
        var isLate = finalAt <= _watermark;
        var known = _series.Find(series => series.Id == point.Id);
        var isFull = _waiting.Count >= settings.MaxCorrected && known is not { Collided: true } && (known is null || !_waiting.Contains((point.Id, start)));
        if (isLate && (finalAt + settings.CorrectFor <= _watermark || isFull))
        {
            Counters = Counters with { Late = Counters.Late + 1 };
            return;
        }

        var series = Find(point.Id, isDefined: false);
        if (series is null)
        {
            series = Find(OverflowId, isDefined: true)!;
            series.Key = OverflowKey;
            Counters = Counters with { Overflowed = Counters.Overflowed + 1 };
        }

        if (series.Collided)
        {
            series.Seen = Math.Max(series.Seen, _watermark);
            Counters = Counters with { Collided = Counters.Collided + 1 };
            return;
        }

        Counters = Counters with { Processed = Counters.Processed + 1 };
        if (_kind == MetricKind.CumulativeCounter)
        {
            point = point with { Value = series.Id == OverflowId ? 0 : IncrementOf(series, point) };
        }

        var element = SetElement.Of(point.Value);
        point = _kind == MetricKind.Set ? point with { Value = 0 } : point;
        series.Values.Add(point.Value);
        var window = series.Windows.Find(window => window.Start == start);
        if (window is null)
        {
            series.Windows.Add(window = new Window(start, start + settings.Size) { Final = isLate });
            series.Seen = isLate ? series.Seen : Math.Max(series.Seen, Math.Max(_watermark, window.End));
        }

        if (isLate)
        {
            Counters = Counters with { Corrected = Counters.Corrected + 1 };
            window.Revision++;
            corrected.Add((series, window));
            if (_waiting.Add((series.Id, start)))
            {
                series.Seen = Math.Max(series.Seen, _watermark);
            }
        }

        window.Points.Add(point);
        window.Elements.Add(element);
    }

    /// <summary>Between the totals of the series that were later than all before them.</summary>
    private double IncrementOf(Series series, TestPoint point)
    {
        if (series.Totals is [.., var last])
        {
            if (point.Time <= last.Time)
            {
                return 0;
            }

            series.Totals.Add(point);
            Resets += point.Value < last.Value ? 1 : 0;
            return point.Value < last.Value ? point.Value : point.Value - last.Value;
        }

        series.Totals.Add(point);
        return 0;
    }

    /// <summary>Null: it is not there, and may not start.</summary>
    private Series? Find(ulong id, bool isDefined)
    {
        var series = _series.Find(series => series.Id == id);
        if (series is not null)
        {
            return series;
        }

        var others = _series.Count(static series => series.Id != OverflowId);
        if (id != OverflowId && (others >= settings.Series.MaxPerMetric || (!isDefined && others < _series.Count)))
        {
            return null;
        }

        _series.Add(series = new Series(id) { Seen = _watermark });
        return series;
    }

    private SeriesAggregates Describe(Series series, IEnumerable<Window> windows) => new()
    {
        Tags = SeriesKey.Decode(series.Key),
        Total = new SeriesTotal { Count = series.Values.Count, Sum = Sum(series.Values), Min = series.Values.Min(), Max = series.Values.Max() },
        Windows = [.. windows.OrderBy(static window => window.Start).Select(Describe)],
    };

    private WindowAggregate Describe(Window window)
    {
        var values = window.Points.ConvertAll(static point => point.Value);
        var last = window.Points.Last(point => point.Time == window.Points.Max(static other => other.Time));
        var sketch = new ExponentialHistogram();
        values.ForEach(sketch.Add);
        var registers = new HyperLogLog();
        foreach (var (register, rank) in window.Elements.Select(HyperLogLog.Of))
        {
            registers.Raise(register, rank);
        }



        // Late points are added up by themselves, but for few.
        var inTime = values.Count - window.Revision;
        var sum = values.Count <= 8 || inTime == 0 || window.Revision == 0 ? Sum(values) : Sum(values[..inTime]) + Sum(values[inTime..]);
        return new WindowAggregate
        {
            Start = Time(window.Start),
            End = Time(window.End),
            Final = window.Final,
            Count = values.Count,
            Sum = sum,
            Min = values.Min(),
            Max = values.Max(),
            Mean = sum / values.Count,
            Last = last.Value,
            LastUpdated = Time(last.Time),
            Revision = window.Revision,
            Distinct = _kind == MetricKind.Set ? registers.Estimate() : null,
            Quantiles = _kind == MetricKind.Set ? [] : [.. settings.Quantiles.Select(probability => new QuantileValue(probability, sketch.Quantile(probability, values.Min(), values.Max())))],
        };
    }

    private static DateTimeOffset Time(long time) => DateTimeOffset.FromUnixTimeMilliseconds(time);

    /// <summary>In the order of arrival, as the aggregator adds.</summary>
    private static double Sum(List<double> values) => values.Aggregate(static (sum, value) => sum + value);

    private sealed class Series(ulong id)
    {
        public ulong Id { get; } = id;

        public byte[]? Key { get; set; }

        public bool Collided { get; set; }

        public long Seen { get; set; }

        public List<double> Values { get; } = [];

        public List<TestPoint> Totals { get; } = [];

        public List<Window> Windows { get; } = [];
    }

    private sealed class Window(long start, long end)
    {
        public long Start { get; } = start;

        public long End { get; } = end;

        public bool Final { get; set; }

        /// <summary>Late points, which came after all others.</summary>
        public int Revision { get; set; }

        public List<TestPoint> Points { get; } = [];

        public HashSet<ulong> Elements { get; } = [];
    }
}
