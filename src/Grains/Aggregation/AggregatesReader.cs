using System.Globalization;
using System.Text;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Series;
using OrleansMetrics.Contracts.Windows;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>Answers queries from the series and windows of a metric.</summary>
internal sealed class AggregatesReader(SeriesTable table, WindowStore windows, WindowSettings settings, long watermark)
{
    private readonly Window _window = new();
    private readonly List<OpenWindowReference> _open = [];
    private readonly List<WindowAggregate> _found = [];

    public MetricAggregates Read(string metric, MetricKind kind, AggregatesQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        if (query.Limit is < 1 or > AggregatesQuery.MaxLimit)
        {
            throw new ArgumentException($"The limit {query.Limit} is not between 1 and {AggregatesQuery.MaxLimit}.", nameof(query));
        }

        var wanted = Array.ConvertAll(query.Tags, static tag => (Encoding.UTF8.GetBytes(tag.Name), Encoding.UTF8.GetBytes(tag.Value)));
        var page = new List<SeriesAggregates>(Math.Min(query.Limit, table.Count));
        string? next = null;
        var last = -1;
        for (var ordinal = FirstOf(query); ordinal < table.Count; ordinal++)
        {
            if (!table.IsDefined(ordinal) || !HasTags(table.KeyOf(ordinal), wanted))
            {
                continue;
            }

            if (page.Count == query.Limit)
            {
                next = table.States[last].Id.ToString("x16", CultureInfo.InvariantCulture);
                break;
            }

            page.Add(Describe(ordinal, WindowsOf(ordinal, query, out var total), total));
            last = ordinal;
        }

        return new MetricAggregates { Metric = metric, Kind = kind, Series = [.. page], Next = next };
    }

    /// <summary>A series with the windows given and its totals.</summary>
    public SeriesAggregates Describe(int ordinal, WindowAggregate[] selected)
    {
        _ = WindowsOf(ordinal, null, out var total);
        return Describe(ordinal, selected, total);
    }

    private SeriesAggregates Describe(int ordinal, WindowAggregate[] selected, in Totals total) =>
        new() { Tags = SeriesKey.Decode(table.KeyOf(ordinal)), Total = total.ToContract(), Windows = selected };

    private int FirstOf(AggregatesQuery query)
    {
        if (query.After is null)
        {
            return 0;
        }

        var ordinal = query.After.Length == 16 && ulong.TryParse(query.After, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var id)
            ? table.Find(id)
            : -1;
        return ordinal >= 0 ? ordinal + 1 : throw new ArgumentException($"The cursor '{query.After}' is none of this metric's.", nameof(query));
    }

    /// <summary>The windows that the query selects, none without a query, and the totals over all.</summary>
    private WindowAggregate[] WindowsOf(int ordinal, AggregatesQuery? query, out Totals total)
    {
        _found.Clear();
        total = table.Histories[ordinal].Dropped;
        for (var handle = windows.Finals.First(ordinal); handle != 0;)
        {
            WindowCodec.Read(windows.Finals.Read(handle, out handle), _window);
            total.Add(_window.Totals);
            AddIfSelected(query);
        }

        windows.FindOpen(ordinal, _open);
        foreach (var reference in _open)
        {
            windows.LoadOpen(ordinal, reference, _window);
            total.Add(_window.Totals);
            AddIfSelected(query);
        }

        // In order already, unless windows of several sizes are among them.
        _found.Sort(static (a, b) => a.Start != b.Start ? a.Start.CompareTo(b.Start) : a.End.CompareTo(b.End));
        return [.. _found];
    }

    private void AddIfSelected(AggregatesQuery? query)
    {
        if (query is null
            || (query.From is { } from && _window.End <= from.ToUnixTimeMilliseconds())
            || (query.To is { } to && _window.Start >= Ceiling(to)))
        {
            return;
        }

        var final = windows.IsFinal(_window.End, watermark);
        if (final || !query.FinalOnly)
        {
            _found.Add(_window.ToContract(final, settings.Quantiles));
        }
    }

    /// <summary>The first whole millisecond that is not before an instant.</summary>
    private static long Ceiling(DateTimeOffset instant)
    {
        var floor = instant.ToUnixTimeMilliseconds();
        return instant.UtcTicks % TimeSpan.TicksPerMillisecond == 0 ? floor : floor + 1;
    }

    private static bool HasTags(ReadOnlySpan<byte> key, (byte[] Name, byte[] Value)[] wanted)
    {
        foreach (var (name, value) in wanted)
        {
            if (!HasTag(key, name, value))
            {
                return false;
            }
        }

        return true;
    }

    private static bool HasTag(ReadOnlySpan<byte> key, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        while (SeriesKey.TryReadTag(ref key, out var candidate, out var candidateValue))
        {
            if (candidate.SequenceEqual(name))
            {
                return candidateValue.SequenceEqual(value);
            }
        }

        return false;
    }
}
