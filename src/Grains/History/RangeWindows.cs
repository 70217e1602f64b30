using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.Aggregation;
using OrleansMetrics.Grains.History.Chunks;

namespace OrleansMetrics.Grains.History;

/// <summary>
/// The windows of one series of an answer. They are taken in order, as chunks have them, and merged with the one before when they have the same place; only two are
/// in full at any time. Used again from series to series.
/// </summary>
/// <param name="members">What is asked for.</param>
/// <param name="quantiles">Probabilities.</param>
/// <param name="finalThrough">Windows that end at or before this are final.</param>
internal sealed class RangeWindows(RangeMembers members, double[] quantiles, long finalThrough)
{
    private readonly WindowColumnsBuilder _builder = new(members, quantiles);
    private readonly bool _sketches = quantiles.Length > 0;
    private WindowState _last = new();
    private WindowState _next = new();
    private bool _hasLast;

    /// <summary>Which of the chunks merged into the last window was written last.</summary>
    private int _lastOrder;

    /// <summary>Takes the windows of a series out of a chunk.</summary>
    /// <param name="cursor">They.</param>
    /// <param name="from">Those that start at or after this.</param>
    /// <param name="to">Those that start before this.</param>
    /// <param name="step">Length of the windows wanted; shorter ones that lie within one go into it. 0: as they are.</param>
    /// <param name="order">Chunks with higher ones were written later.</param>
    /// <returns>False when they are not in the order in which windows are merged: what was taken of the series is of no use, and all must be sorted first.</returns>
    /// <exception cref="InvalidDataException">The chunk is damaged.</exception>
    public bool TryTake(ref WindowCursor cursor, long from, long to, int step, int order)
    {
        while (cursor.HasMore)
        {
            cursor.Read(_next);
            if (_next.Start < from || _next.Start >= to)
            {
                continue;
            }

            if (_next.Size < step)
            {
                SeriesMerger.Widen(_next, step);
            }

            if (!_hasLast)
            {
                _hasLast = true;
            }
            else if (_next.Start == _last.Start && _next.Size == _last.Size)
            {
                if (order < _lastOrder)
                {
                    return false;
                }

                _lastOrder = order;
                WindowMerge.Add(_last, _next, _sketches);
                continue;
            }
            else if (_next.Start < _last.Start || (_next.Start == _last.Start && _next.Size < _last.Size))
            {
                return false;
            }
            else
            {
                Add(_last);
            }

            (_last, _next, _lastOrder) = (_next, _last, order);
        }

        return true;
    }

    /// <summary>Adds a window that is after all others and will not be merged with any.</summary>
    public void Add(WindowState window)
    {
        _builder.Add(window.Start, window.Size, window.End <= finalThrough, window.Count);
        if (window.Revision != 0)
        {
            _builder.SetRevision(window.Revision);
        }

        if (window.IsSet)
        {
            _builder.SetDistinct(window.Elements.Estimate());
            return;
        }

        _builder.SetTotals(window.Sum, window.Min, window.Max);
        _builder.SetLast(window.Last, window.LastOffset);
        for (var i = 0; i < quantiles.Length; i++)
        {
            _builder.SetQuantile(i, window.Sketch.Quantile(quantiles[i], window.Min, window.Max));
        }
    }

    /// <summary>All windows; starts anew.</summary>
    public WindowColumns Finish()
    {
        if (_hasLast)
        {
            Add(_last);
        }

        var columns = _builder.ToColumns();
        Clear();
        return columns;
    }

    /// <summary>Starts anew.</summary>
    public void Clear()
    {
        _builder.Clear();
        _hasLast = false;
    }
}
