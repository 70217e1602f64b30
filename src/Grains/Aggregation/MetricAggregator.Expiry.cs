namespace OrleansMetrics.Grains.Aggregation;

// Series that are not seen any more. Whether one is expired follows from what was applied and from the watermark alone: readers pass over it and a
// point or a definition starts it anew, whether or not its row is still there. So rows are taken out when that is cheap.
public sealed partial class MetricAggregator
{
    /// <summary>A metric that is silent is looked through so often, at most, while a series takes to expire.</summary>
    private const int LooksPerExpiry = 8;

    /// <summary>Lower bound of when a series was last seen, but for those that could be removed at the last look.</summary>
    private long _earliestSeen = long.MaxValue;

    /// <summary>Rows that were expired at the last look, those of them that could be removed, and what that look took for expired.</summary>
    private int _expired;
    private int _removable;
    private long _lookedThrough = long.MinValue;
    private long _lookAt = long.MaxValue;

    private long NextExpiryAt => _lookAt > Watermark ? _lookAt : long.MaxValue;

    private bool MayHaveExpired => _removable > 0 || _earliestSeen <= _expiredThrough;

    /// <summary>
    /// Looks for series that have expired, and takes their rows out when they are many. Not seen but by memory, by <see cref="SeriesCount"/> and by
    /// <see cref="NextCloseAt"/>: snapshots leave them out in any case, and so do queries.
    /// </summary>
    /// <returns>True when rows were taken out, which the last snapshot may have.</returns>
    public bool RemoveExpired()
    {
        var removed = RemoveSettled();
        if (MayHaveExpired)
        {
            LookForExpired();

            // A row in a list of windows to be closed has to stay.
            if (_removable > 0 && _removable * 4L >= _series.Count && (_open.IsEmpty || _open.FirstEnd > _finalThrough))
            {
                _open.Move(_series.Remove(IsRemovable));
                _expired -= _removable;
                _removable = 0;
                removed = true;
            }
        }

        SetNextLook();
        return removed;
    }

    private void LookForExpired()
    {
        (_expired, _removable, _earliestSeen, _lookedThrough) = (0, 0, long.MaxValue, _expiredThrough);
        for (var row = 0; row < _series.Count; row++)
        {
            var seen = _series.Histories[row].Seen;
            _expired += seen <= _expiredThrough ? 1 : 0;
            if (seen <= _expiredThrough && IsRemovable(row))
            {
                _removable++;
            }
            else
            {
                _earliestSeen = Math.Min(_earliestSeen, seen);
            }
        }
    }

    private void SetNextLook()
    {
        var expiry = _settings.Series.Expiry;
        _lookAt = _earliestSeen == long.MaxValue || _finalThrough == long.MinValue || Watermark > LatestTime || expiry > LatestTime
            ? long.MaxValue
            : Math.Max(_earliestSeen + expiry + (Watermark - _finalThrough), Watermark + Math.Max(1, expiry / LooksPerExpiry));
    }

    private bool IsExpired(int row) => _series.Histories[row].Seen <= _expiredThrough;

    /// <summary>Expired, and history has all of its windows.</summary>
    private bool IsRemovable(int row)
    {
        ref var history = ref _series.Histories[row];
        return history.Seen <= _expiredThrough && (history.Seen <= KeptAfter || history.PackedWindows == 0)
            && _series.Rows[row].Window is { Count: 0, Next: 0 };
    }
}
