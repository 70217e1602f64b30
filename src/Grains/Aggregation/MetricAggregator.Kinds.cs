using OrleansMetrics.Contracts.Points;

namespace OrleansMetrics.Grains.Aggregation;

// What the values mean. The first slice in the log that names a kind decides, so that every replay decides the same; whoever names none means what the metric is.
// Windows hold values as they come, but for cumulative counters: there they hold increments. Decided per slice: points of a gauge cost nothing.
public sealed partial class MetricAggregator
{
    /// <summary>Null: nobody has named one.</summary>
    private MetricKind? _kind;
    private long _conflicted;

    /// <summary>What the values mean.</summary>
    public MetricKind Kind => _kind ?? MetricKind.Gauge;

    /// <summary>Whether the values are what the metric has; decides what it is when nothing has.</summary>
    private bool TakesKind(in SliceReader slice)
    {
        if (slice.Kind is not { } named || named == _kind)
        {
            return true;
        }

        // What has been taken for a gauge may turn out to have been increments or samples: its windows hold them. Of running totals and of sets they would hold something else.
        if (_kind is not null || !named.IsKnown() || (named is MetricKind.CumulativeCounter or MetricKind.Set && _processed > 0))
        {
            return false;
        }

        SetKind(named);
        return true;
    }

    private void SetKind(MetricKind kind)
    {
        _kind = kind;
        if (kind == MetricKind.CumulativeCounter)
        {
            _series.KeepTotals();
        }
        else if (kind == MetricKind.Set)
        {
            _windows.KeepElements();
        }
    }

    private void ApplyOfKind<TTimes>(ReadOnlySpan<ulong> ids, ReadOnlySpan<double> values, TTimes times, long baseTime, bool isNamed)
        where TTimes : struct, ITimes, allows ref struct
    {
        switch (_kind)
        {
            case MetricKind.Counter when HasNegative(values):
                ApplyIncrements(ids, values, times, baseTime);
                break;
            case MetricKind.CumulativeCounter:
                ApplyTotals(ids, values, times, baseTime);
                break;
            case MetricKind.Set:
                ApplyElements(ids, values, times, baseTime, isNamed);
                break;
            default:
                ApplyPoints(ids, values, times, baseTime);
                break;
        }
    }

    private static bool HasNegative(ReadOnlySpan<double> values)
    {
        foreach (var value in values)
        {
            if (value < 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Increments, some of which are negative: from a gateway that did not know that the metric is a counter.</summary>
    private void ApplyIncrements<TTimes>(ReadOnlySpan<ulong> ids, ReadOnlySpan<double> values, TTimes times, long baseTime)
        where TTimes : struct, ITimes, allows ref struct
    {
        for (var i = 0; i < ids.Length; i++)
        {
            if (values[i] < 0)
            {
                _conflicted++;
            }
            else
            {
                ApplyPoint(_series.FindCandidate(ids[i]), ids[i], values[i], baseTime + times[i]);
            }
        }
    }

    private void ApplyTotals<TTimes>(ReadOnlySpan<ulong> ids, ReadOnlySpan<double> values, TTimes times, long baseTime)
        where TTimes : struct, ITimes, allows ref struct
    {
        for (var i = 0; i < ids.Length; i++)
        {
            if (values[i] < 0)
            {
                _conflicted++;
            }
            else
            {
                ApplyTotal(ids[i], values[i], baseTime + times[i]);
            }
        }
    }

    /// <summary>Elements: hashes of those who know that the metric is a set, numbers of the others.</summary>
    private void ApplyElements<TTimes>(ReadOnlySpan<ulong> ids, ReadOnlySpan<double> values, TTimes times, long baseTime, bool areHashes)
        where TTimes : struct, ITimes, allows ref struct
    {
        for (var i = 0; i < ids.Length; i++)
        {
            var value = areHashes ? values[i] : SetElement.ToValue(SetElement.Of(values[i]));
            ApplyElsewhere(_series.Find(ids[i]), ids[i], value, Math.Clamp(baseTime + times[i], _earliest, _latest));
        }
    }

    /// <summary>
    /// Adds by how much a series has grown, and takes note of its total when the point counts: one that is late is in no window, so that what has been added by then goes into the
    /// window of the next one. Totals of the overflow series say nothing: they are of many series.
    /// </summary>
    private void ApplyTotal(ulong id, double value, long time)
    {
        var within = Math.Clamp(time, _earliest, _latest);
        var total = RunningTotal.Of(value, within);
        var row = within >= _openFrom ? RowOf(id, isDefined: false) : _series.Find(id);
        var isKnown = row >= 0 && !IsExpired(row) && id != OverflowId;
        var (processed, overflowed) = (_processed, _overflowed);
        ApplyPoint(_series.FindCandidate(id), id, isKnown ? _series.Totals![row].Then(total).Increment : 0, time);
        if (_processed > processed && _overflowed == overflowed && id != OverflowId)
        {
            ref var last = ref _series.Totals![_series.Find(id)];
            last = last.Then(total).Last;
        }
    }

    /// <summary>Before version 4 there were none but gauges.</summary>
    private void ReadKind(ref SnapshotReader input, int version)
    {
        var kind = input.ReadCount() - 1;
        if (version >= 4 && kind >= 0)
        {
            if (!((MetricKind)Math.Min(kind, byte.MaxValue)).IsKnown())
            {
                throw new InvalidDataException($"the metric is of kind {kind}, which this build does not know");
            }

            SetKind((MetricKind)kind);
        }
    }

    private static void WriteTotal(SnapshotBuffer writer, RunningTotal total)
    {
        writer.Varint((ulong)total.Since);
        if (total.IsKnown)
        {
            writer.Double(total.Value);
        }
    }

    private static RunningTotal ReadTotal(ref SnapshotReader input)
    {
        var since = input.ReadCount();
        if (since == 0)
        {
            return default;
        }

        var value = input.ReadFinite();
        return value >= 0 && since <= LatestTime - EarliestTime + 1 + int.MaxValue
            ? new RunningTotal(value, since)
            : throw new InvalidDataException("a running total is none");
    }
}
