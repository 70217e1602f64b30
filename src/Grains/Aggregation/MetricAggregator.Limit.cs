using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Series;

namespace OrleansMetrics.Grains.Aggregation;

// How many series there may be. Whether a series may start follows from what was applied, as its expiry does, and from whether the node had room.
public sealed partial class MetricAggregator
{
    /// <summary>At the limit, expired series make room so often, at most, while a series takes to expire: they have to be counted.</summary>
    private const int CountsPerExpiry = 256;

    private static readonly byte[] OverflowKey = SeriesKey.Encode([new Tag("otel.metric.overflow", "true")]);
    private static readonly ulong OverflowId = SeriesKey.Hash(OverflowKey);

    /// <summary>Series at the last count, and those that have started since; never fewer than there are.</summary>
    private int _counted;
    private long _countedThrough = long.MinValue;
    private long _overflowed;

    /// <summary>The node has no room for more series: no more start while this is so. Not part of the state.</summary>
    public bool NodeIsFull { get; set; }

    /// <summary>Rows in memory, of series expired or not.</summary>
    public int Rows => _series.Count;

    /// <summary>The row of a series that is there, or may start now; −1: its points belong to the overflow series.</summary>
    /// <param name="id">Its identity.</param>
    /// <param name="isDefined">Its definition has just come.</param>
    private int RowOf(ulong id, bool isDefined)
    {
        var row = _series.Find(id);
        if (row >= 0 && !IsExpired(row))
        {
            return row;
        }

        if (id != OverflowId)
        {
            if (!MayStart(isDefined))
            {
                return -1;
            }

            _counted++;
        }

        if (row >= 0)
        {
            _expired -= _series.Histories[row].Seen <= _lookedThrough ? 1 : 0;
            _series.StartAnew(row);
        }
        else
        {
            row = _series.FindOrAdd(id);
        }

        ref var history = ref _series.Histories[row];
        history.Seen = Math.Max(Watermark, long.MinValue + 1);
        _earliestSeen = Math.Min(_earliestSeen, history.Seen);
        return row;
    }

    /// <summary>The row of the overflow series.</summary>
    private int OverflowRow()
    {
        var row = RowOf(OverflowId, isDefined: true);
        _series.TryDefine(row, OverflowKey);
        return row;
    }

    private bool MayStart(bool isDefined)
    {
        // A series whose definition was passed over stays in the overflow series until the definition comes again, so that it has its tags.
        if (NodeIsFull || (!isDefined && _series.Find(OverflowId) is >= 0 and var overflow && !IsExpired(overflow)))
        {
            return false;
        }

        if (_counted >= _settings.Series.MaxPerMetric && _expiredThrough > long.MinValue
            && (_countedThrough == long.MinValue || _finalThrough - _countedThrough >= _settings.Series.Expiry / CountsPerExpiry))
        {
            _countedThrough = _finalThrough;
            _counted = 0;
            for (var row = 0; row < _series.Count; row++)
            {
                _counted += IsExpired(row) || _series.Rows[row].Id == OverflowId ? 0 : 1;
            }
        }

        return _counted < _settings.Series.MaxPerMetric;
    }
}
