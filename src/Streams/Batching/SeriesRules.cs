using System.Buffers;
using System.Text.Unicode;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Series;

namespace OrleansMetrics.Streams.Batching;

/// <summary>What a metric's name and the tags of a series must keep to, and the canonical key of those that do.</summary>
internal static class SeriesRules
{
    private const byte C1Lead = 0xC2;
    private static readonly SearchValues<byte> Controls = SearchValues.Create([.. Enumerable.Range(0, 32).Select(b => (byte)b), 0x7F]);

    /// <summary>Null when all is in order.</summary>
    public static RejectReason? Check(ParsedSeries series, Span<int> order)
    {
        if (CheckMetric(series.Metric) is { } bad)
        {
            return bad;
        }

        if (series.TagCount > PointLimits.MaxTags)
        {
            return RejectReason.TooManyTags;
        }

        for (var i = 0; i < series.TagCount; i++)
        {
            if (CheckTag(series.TagName(i), series.TagValue(i)) is { } badTag)
            {
                return badTag;
            }
        }

        return Sort(series, order) ? null : RejectReason.DuplicateTag;
    }

    /// <summary>The canonical key of checked tags.</summary>
    public static byte[] Key(ParsedSeries series, ReadOnlySpan<int> order)
    {
        if (order.IsEmpty)
        {
            return [];
        }

        var writer = new ArrayBufferWriter<byte>(256);
        foreach (var tag in order)
        {
            SeriesKey.AppendTag(writer, series.TagName(tag), series.TagValue(tag));
        }

        return writer.WrittenSpan.ToArray();
    }

    private static RejectReason? CheckMetric(ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty)
        {
            return RejectReason.EmptyName;
        }

        if (name.Length > PointLimits.MaxMetricNameBytes)
        {
            return RejectReason.NameTooLong;
        }

        return IsText(name) ? null : RejectReason.InvalidName;
    }

    private static RejectReason? CheckTag(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (name.IsEmpty || value.IsEmpty)
        {
            return RejectReason.EmptyTag;
        }

        if (name.Length > PointLimits.MaxTagNameBytes || value.Length > PointLimits.MaxTagValueBytes)
        {
            return RejectReason.TagTooLong;
        }

        return IsText(name) && IsText(value) ? null : RejectReason.InvalidName;
    }

    /// <summary>Valid UTF-8 without control characters, C0 or C1.</summary>
    private static bool IsText(ReadOnlySpan<byte> text)
    {
        if (text.ContainsAny(Controls) || !Utf8.IsValid(text))
        {
            return false;
        }

        for (var rest = text; rest.IndexOf(C1Lead) is >= 0 and var at; rest = rest[(at + 2)..])
        {
            if (rest[at + 1] < 0xA0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Orders the tags by the bytes of their names. False: a name comes twice.</summary>
    private static bool Sort(ParsedSeries series, Span<int> order)
    {
        for (var i = 0; i < order.Length; i++)
        {
            var name = series.TagName(i);
            var at = i;
            for (; at > 0; at--)
            {
                var comparison = series.TagName(order[at - 1]).SequenceCompareTo(name);
                if (comparison == 0)
                {
                    return false;
                }

                if (comparison < 0)
                {
                    break;
                }

                order[at] = order[at - 1];
            }

            order[at] = i;
        }

        return true;
    }
}
