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
            if (_series.Rows[row].Count == 0 || IsExpired(row) || !_series.Histories[row].IsDefined || !KeyFilter.AllMatch(filters, _series.KeyOf(row)))
            {
                continue;
            }

            if (page.Count == query.Limit)
            {
                next = _series.Rows[last].Id.ToString("x16", CultureInfo.InvariantCulture);
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
        if (CorrectedRowOf(row) is >= 0 and var corrected)
        {
            return Describe(row, corrected, query);
        }

        var windows = new List<WindowAggregate>();
        _windows.List(row, _size, _finalThrough, _settings.Retained, _listed);
        foreach (var window in _listed)
        {
            if (Includes(query, window, out var final))
            {
                windows.Add(Describe(_windows.Load(row, window), final));
            }
        }

        return Describe(row, [.. windows]);
    }

    private bool Includes(AggregatesQuery query, in WindowReference window, out bool final)
    {
        final = window.End <= _finalThrough;
        return Instant(window.End) > (query.From ?? DateTimeOffset.MinValue) && Instant(window.Start) < (query.To ?? DateTimeOffset.MaxValue) && (final || !query.FinalOnly);
    }

    private SeriesAggregates Describe(int row, WindowAggregate[] windows)
    {
        ref var series = ref _series.Rows[row];
        return new SeriesAggregates
        {
            Tags = SeriesKey.Decode(_series.KeyOf(row)),
            Total = new SeriesTotal { Count = series.Count, Sum = series.Sum, Min = series.Min, Max = series.Max },
            Windows = windows,
        };
    }

    private WindowAggregate Describe(WindowState window, bool final)
    {
        var quantiles = new QuantileValue[window.IsSet ? 0 : _settings.Quantiles.Count];
        for (var i = 0; i < quantiles.Length; i++)
        {
            var probability = _settings.Quantiles[i];
            quantiles[i] = new QuantileValue(probability, window.Sketch.Quantile(probability, window.Min, window.Max));
        }

        return new WindowAggregate
        {
            Start = Instant(window.Start),
            End = Instant(window.End),
            Final = final,
            Count = window.Count,
            Sum = window.Sum,
            Min = window.Min,
            Max = window.Max,
            Mean = window.Sum / window.Count,
            Last = window.Last,
            LastUpdated = Instant(window.Start + window.LastOffset),
            Quantiles = quantiles,
            Distinct = window.IsSet ? window.Elements.Estimate() : null,
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
