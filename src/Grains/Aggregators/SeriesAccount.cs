using OrleansMetrics.Contracts.Points;

namespace OrleansMetrics.Grains.Aggregators;

/// <summary>One aggregator's part of the <see cref="SeriesBudget"/> of its silo.</summary>
internal sealed class SeriesAccount(SeriesBudget budget, string metric, KindConflicts? conflicts = null)
{
    private int _rows;
    private bool _isClosed;

    /// <summary>No more series are to start.</summary>
    public bool IsFull => budget.IsFull;

    /// <summary>Takes note of how many rows there are.</summary>
    public void Set(int rows)
    {
        if (rows != _rows && !_isClosed)
        {
            budget.Change(rows - _rows);
            _rows = rows;
        }
    }

    /// <summary>Takes note of points that went to the overflow series.</summary>
    public void PointsOverflowed(long points) => budget.PointsOverflowed(metric, points);

    /// <summary>Takes note that points of another kind came.</summary>
    public void KindConflicted(MetricKind kind) => conflicts?.Note(metric, kind);

    /// <summary>The aggregator is gone.</summary>
    public void Close()
    {
        Set(0);
        _isClosed = true;
    }
}
