using System.Buffers;
using System.Globalization;
using System.Text;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Series;
using OrleansMetrics.Contracts.Windows;

namespace OrleansMetrics.Grains.Aggregation;

public sealed partial class MetricAggregator
{
    /// <summary>Reads a page of series.</summary>
    /// <exception cref="ArgumentException">The limit is out of range or the cursor names no series of this metric.</exception>
    public MetricAggregates Query(string metric, AggregatesQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        if (query.Limit is < 1 or > AggregatesQuery.MaxLimit)
        {
            throw new ArgumentException($"The limit is {query.Limit}; it must be 1 to {AggregatesQuery.MaxLimit}.", nameof(query));
        }

        var filters = query.Tags.Select(static tag => new KeyFilter(tag)).ToArray();
        var page = new List<SeriesAggregates>();
        string? next = null;
        var last = 0;
        for (var row = FirstRow(query.After); row < _series.Count; row++)
        {
            ref var series = ref _series[row];
            if (series.Count == 0 || series.Key is null || !KeyFilter.AllMatch(filters, series.Key))
            {
                continue;
            }

            if (page.Count == query.Limit)
            {
                next = _series[last].Id.ToString("x16", CultureInfo.InvariantCulture);
                break;
            }

            page.Add(Describe(row, query));
            last = row;
        }

        return new MetricAggregates { Metric = metric, Kind = Kind, Series = [.. page], Next = next };
    }

    private int FirstRow(string? after)
    {
        if (after is null)
        {
            return 0;
        }

        var row = ulong.TryParse(after, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var id) ? _series.Find(id) : -1;
        return row >= 0 ? row + 1 : throw new ArgumentException($"The cursor '{after}' names no series of this metric.", nameof(after));
    }

    private SeriesAggregates Describe(int row, AggregatesQuery query)
    {
        var windows = new List<WindowAggregate>();
        var from = query.From ?? DateTimeOffset.MinValue;
        var to = query.To ?? DateTimeOffset.MaxValue;
        for (var at = _series[row].Cell; at >= 0; at = _cells[at].Next)
        {
            ref var cell = ref _cells[at];
            if (Instant(cell.End) > from && Instant(cell.Start) < to && (cell.Final || !query.FinalOnly))
            {
                windows.Add(Describe(cell));
            }
        }

        windows.Reverse();
        return Describe(row, [.. windows]);
    }

    private SeriesAggregates Describe(int row, in WindowCell cell) => Describe(row, [Describe(cell)]);

    private SeriesAggregates Describe(int row, WindowAggregate[] windows)
    {
        ref var series = ref _series[row];
        return new SeriesAggregates
        {
            Tags = SeriesKey.Decode(series.Key),
            Total = new SeriesTotal { Count = series.Count, Sum = series.Sum, Min = series.Min, Max = series.Max },
            Windows = windows,
        };
    }

    private WindowAggregate Describe(in WindowCell cell)
    {
        var quantiles = new QuantileValue[settings.Quantiles.Count];
        for (var i = 0; i < quantiles.Length; i++)
        {
            var probability = settings.Quantiles[i];
            quantiles[i] = new QuantileValue(probability, cell.Sketch?.Quantile(probability, cell.Min, cell.Max) ?? cell.Last);
        }

        return new WindowAggregate
        {
            Start = Instant(cell.Start),
            End = Instant(cell.End),
            Final = cell.Final,
            Count = cell.Count,
            Sum = cell.Sum,
            Min = cell.Min,
            Max = cell.Max,
            Mean = cell.Sum / cell.Count,
            Last = cell.Last,
            LastUpdated = Instant(cell.LastTime),
            Quantiles = quantiles,
        };
    }

    private static DateTimeOffset Instant(long time) => DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(time, EarliestTime, LatestTime));

    /// <summary>A tag that a series must have, compared on the bytes of canonical keys.</summary>
    private readonly struct KeyFilter(Tag tag)
    {
        private readonly byte[] _name = Encoding.UTF8.GetBytes(tag.Name);
        private readonly byte[] _value = Encoding.UTF8.GetBytes(tag.Value);

        public static bool AllMatch(KeyFilter[] filters, ReadOnlySpan<byte> key)
        {
            foreach (var filter in filters)
            {
                if (!filter.Matches(key))
                {
                    return false;
                }
            }

            return true;
        }

        private bool Matches(ReadOnlySpan<byte> key)
        {
            while (SeriesKey.TryReadTag(ref key, out var name, out var value))
            {
                if (name.SequenceEqual(_name))
                {
                    return value.SequenceEqual(_value);
                }
            }

            return false;
        }
    }
}
