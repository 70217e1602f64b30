using System.Text;
using OrleansMetrics.Contracts.Catalogue;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Grains.Aggregators;

namespace OrleansMetrics.Grains.Partitions;

/// <summary>The metrics of a partition: by name, in order of their names, and by the time their next window closes.</summary>
internal sealed class RouteTable
{
    private readonly Func<string, IAggregatorIngestGrain> _aggregators;
    private readonly LocalAggregators _locals;
    private readonly Dictionary<string, MetricRoute> _routes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, MetricRoute>.AlternateLookup<ReadOnlySpan<char>> _bySpan;
    private readonly SortedSet<string> _names = new(StringComparer.Ordinal);

    public RouteTable(Func<string, IAggregatorIngestGrain> aggregators, LocalAggregators locals)
    {
        _aggregators = aggregators;
        _locals = locals;
        _bySpan = _routes.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>The routes; there may be more after an await.</summary>
    public Dictionary<string, MetricRoute>.ValueCollection All => _routes.Values;

    /// <summary>No window closes at a watermark below.</summary>
    public long NextCloseAt { get; private set; } = long.MaxValue;

    public void Restore(PartitionState state)
    {
        foreach (var metric in state.Metrics)
        {
            Add(MetricRoute.Restore(metric, state.LastGap > 0, LinkTo(metric.Name)));
        }

        RefreshNextClose();
    }

    public MetricRoute? Find(string metric) => _routes.GetValueOrDefault(metric);

    /// <param name="metric">UTF-8 name.</param>
    /// <param name="lastGap">What a route that is new has to be settled for.</param>
    /// <param name="begin">What was before in a metric that is new is forgotten.</param>
    public MetricRoute FindOrAdd(ReadOnlySpan<byte> metric, long lastGap, long begin)
    {
        Span<char> chars = stackalloc char[PointLimits.MaxMetricNameBytes];
        var name = metric.Length <= chars.Length ? chars[..Encoding.UTF8.GetChars(metric, chars)] : Encoding.UTF8.GetString(metric).ToCharArray();
        if (!_bySpan.TryGetValue(name, out var route))
        {
            var text = name.ToString();
            route = new MetricRoute(text, begin, LinkTo(text)) { Gap = lastGap };
            Add(route);
        }

        return route;
    }

    /// <summary>Takes note that a route's next window may close earlier than known.</summary>
    public void Closes(MetricRoute route)
    {
        if (!route.Stalled)
        {
            NextCloseAt = Math.Min(NextCloseAt, route.NextCloseAt);
        }
    }

    public void RefreshNextClose()
    {
        NextCloseAt = long.MaxValue;
        foreach (var route in _routes.Values)
        {
            // A stalled metric catches up by itself; it must not make every record look for windows to close.
            Closes(route);
        }
    }

    public void Remove(MetricRoute route)
    {
        _routes.Remove(route.Name);
        _names.Remove(route.Name);
    }

    /// <summary>The aggregator of a metric that need not have a route.</summary>
    public IAggregatorIngestGrain AggregatorOf(string metric) => _aggregators(metric);

    public MetricPage List(CatalogueQuery query)
    {
        IEnumerable<string> candidates = query.After is null ? _names
            : string.CompareOrdinal(query.After, _names.Max) >= 0 ? []
            : _names.GetViewBetween(query.After, _names.Max);
        var page = new List<MetricSummary>();
        foreach (var name in candidates)
        {
            if (name == query.After || !Glob.Matches(query.Match, name))
            {
                continue;
            }

            if (page.Count == query.Limit)
            {
                return new MetricPage([.. page], page[^1].Name);
            }

            var route = _routes[name];
            page.Add(new MetricSummary(name, route.Kind, route.Series, route.Counters.Processed, route.HistoryBytes));
        }

        return new MetricPage([.. page], null);
    }

    private AggregatorLink LinkTo(string metric) => new(metric, _aggregators(metric), _locals);

    private void Add(MetricRoute route)
    {
        _routes.Add(route.Name, route);
        _names.Add(route.Name);
    }
}
