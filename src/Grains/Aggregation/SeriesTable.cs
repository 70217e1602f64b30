using System.Runtime.CompilerServices;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>The series of a metric in the order in which they were first seen.</summary>
internal sealed class SeriesTable
{
    private readonly BlockHeap _heap;
    private readonly SeriesIndex _index;

    public SeriesTable(BlockHeap heap)
    {
        _heap = heap;
        _index = new SeriesIndex(Rows);
    }

    public PagedList<SeriesRow> Rows { get; } = new();

    public PagedList<SeriesHistory> Histories { get; } = new();

    /// <summary>The last running total of each series; null: the metric has none.</summary>
    public PagedList<RunningTotal>? Totals { get; private set; }

    public int Count => Rows.Count;

    /// <summary>From now on the series have running totals.</summary>
    public void KeepTotals()
    {
        if (Totals is null)
        {
            Totals = new PagedList<RunningTotal>();
            while (Totals.Count < Count)
            {
                Totals.Add();
            }
        }
    }

    /// <inheritdoc cref="SeriesIndex.FindCandidate"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int FindCandidate(ulong id) => _index.FindCandidate(id);

    /// <inheritdoc cref="SeriesIndex.Find"/>
    public int Find(ulong id) => _index.Find(id);

    /// <summary>The row of a series, added when it is new.</summary>
    public int FindOrAdd(ulong id)
    {
        var row = _index.Find(id);
        return row >= 0 ? row : Add(id);
    }

    /// <summary>Sets the key of a series, or compares it with the one set before; false when that is another.</summary>
    public bool TryDefine(int row, ReadOnlySpan<byte> key)
    {
        ref var history = ref Histories[row];
        if (history.IsDefined)
        {
            return key.SequenceEqual(KeyOf(row));
        }

        var block = 0u;
        if (!key.IsEmpty)
        {
            block = _heap.Allocate(key.Length);
            key.CopyTo(_heap.Bytes(block));
        }

        history.Define(block, key.Length);
        return true;
    }

    /// <summary>The canonical key; empty too while it is not known.</summary>
    public ReadOnlySpan<byte> KeyOf(int row)
    {
        ref var history = ref Histories[row];
        return history.Key == 0 ? default : _heap.Bytes(history.Key)[..history.KeyLength];
    }

    /// <summary>Forgets the totals, the running total and the key of a series: it starts anew.</summary>
    public void StartAnew(int row)
    {
        ref var series = ref Rows[row];
        ref var history = ref Histories[row];
        series.Count = 0;
        series.Sum = 0;
        series.Min = double.PositiveInfinity;
        series.Max = double.NegativeInfinity;
        if (history.Key != 0)
        {
            _heap.Free(history.Key);
        }

        history.Undefine();
        if (Totals is { } totals)
        {
            totals[row] = default;
        }
    }

    /// <summary>Takes rows out; those after them move up.</summary>
    /// <param name="isRemoved">Which; none with an open window.</param>
    /// <returns>The new row of each row; −1 for one that was taken out.</returns>
    public int[] Remove(Func<int, bool> isRemoved)
    {
        var moved = new int[Count];
        var kept = 0;
        for (var row = 0; row < moved.Length; row++)
        {
            if (isRemoved(row))
            {
                Free(row);
                moved[row] = -1;
                continue;
            }

            if (kept < row)
            {
                Rows[kept] = Rows[row];
                Histories[kept] = Histories[row];
                if (Totals is { } totals)
                {
                    totals[kept] = totals[row];
                }
            }

            moved[row] = kept++;
        }

        Rows.Truncate(kept);
        Histories.Truncate(kept);
        Totals?.Truncate(kept);
        _index.Rebuild(kept);
        return moved;
    }

    private void Free(int row)
    {
        ref var history = ref Histories[row];
        if (history.Key != 0)
        {
            _heap.Free(history.Key);
        }

        if (history.Packed != 0)
        {
            _heap.Free(history.Packed);
        }
    }

    private int Add(ulong id)
    {
        var row = Rows.Add();
        Histories.Add();
        Totals?.Add();
        ref var added = ref Rows[row];
        added.Id = id;
        added.Min = double.PositiveInfinity;
        added.Max = double.NegativeInfinity;
        added.Window.Start = OpenWindow.None;
        _index.Add(row);
        return row;
    }
}
