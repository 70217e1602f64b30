using System.Runtime.InteropServices;

namespace OrleansMetrics.Contracts.Windows;

/// <summary>Makes <see cref="WindowColumns"/>, window by window. Used again from series to series; one thread at a time.</summary>
/// <param name="members">The numbers that are kept; others are passed over.</param>
/// <param name="probabilities">Of the quantiles.</param>
public sealed class WindowColumnsBuilder(RangeMembers members, params double[] probabilities)
{
    private readonly List<long> _starts = [];
    private readonly List<int> _sizes = [];
    private readonly List<byte> _finals = [];
    private readonly List<long> _counts = [];
    private readonly List<double> _sums = [];
    private readonly List<double> _mins = [];
    private readonly List<double> _maxs = [];
    private readonly List<double> _lasts = [];
    private readonly List<int> _lastOffsets = [];
    private readonly List<long> _revisions = [];
    private readonly List<long> _distincts = [];
    private readonly List<double>[] _quantiles = [.. probabilities.Select(static _ => new List<double>())];
    private bool _hasSets;

    /// <summary>Windows so far.</summary>
    public int Count => _starts.Count;

    /// <summary>Columns of windows that there are already.</summary>
    public static WindowColumns Create(ReadOnlySpan<WindowAggregate> windows)
    {
        var builder = new WindowColumnsBuilder(RangeMembers.All, windows.IsEmpty ? [] : [.. windows[0].Quantiles.Select(static quantile => quantile.Probability)]);
        foreach (var window in windows)
        {
            var start = window.Start.ToUnixTimeMilliseconds();
            builder.Add(start, checked((int)(window.End.ToUnixTimeMilliseconds() - start)), window.Final, window.Count);
            builder.SetTotals(window.Sum, window.Min, window.Max);
            builder.SetLast(window.Last, checked((int)(window.LastUpdated.ToUnixTimeMilliseconds() - start)));
            builder.SetRevision(window.Revision);
            builder.SetDistinct(window.Distinct ?? -1);
            for (var i = 0; i < window.Quantiles.Length && i < builder._quantiles.Length; i++)
            {
                builder.SetQuantile(i, window.Quantiles[i].Value);
            }
        }

        return builder.ToColumns();
    }

    /// <summary>Adds a window, after those before it; the other calls are about it and come at most once, in any order.</summary>
    public void Add(long start, int size, bool final, long count)
    {
        _starts.Add(start);
        _sizes.Add(size);
        _finals.Add(final ? (byte)1 : (byte)0);
        _counts.Add(count);
    }

    /// <summary>Sum, least and greatest of the window added last. Without it they are NaN.</summary>
    public void SetTotals(double sum, double min, double max)
    {
        Set(_sums, RangeMembers.Sum, sum);
        Set(_mins, RangeMembers.Min, min);
        Set(_maxs, RangeMembers.Max, max);
    }

    /// <summary>The last value of the window added last, and when it was, milliseconds after the start.</summary>
    public void SetLast(double last, int offset)
    {
        Set(_lasts, RangeMembers.Last, last);
        if ((members & RangeMembers.Last) != 0)
        {
            Fill(_lastOffsets, 0);
            _lastOffsets.Add(offset);
        }
    }

    /// <summary>How many points of the window added last were late.</summary>
    public void SetRevision(long revision)
    {
        if ((members & RangeMembers.Revision) != 0 && revision != 0)
        {
            Fill(_revisions, 0);
            _revisions.Add(revision);
        }
    }

    /// <summary>How many different elements the window added last has; −1: it is of no set.</summary>
    public void SetDistinct(long distinct)
    {
        if (distinct >= 0)
        {
            _hasSets = true;
            Fill(_distincts, -1);
            _distincts.Add(distinct);
        }
    }

    /// <summary>A quantile of the window added last.</summary>
    public void SetQuantile(int place, double value)
    {
        Fill(_quantiles[place], double.NaN);
        _quantiles[place].Add(value);
    }

    /// <summary>The columns of all windows since <see cref="Clear"/>.</summary>
    public WindowColumns ToColumns() => new()
    {
        Count = Count,
        OfQuantiles = probabilities,
        StartBytes = Bytes(_starts),
        SizeBytes = Bytes(_sizes),
        FinalBytes = Bytes(_finals),
        CountBytes = Bytes(_counts),
        SumBytes = Bytes(_sums, RangeMembers.Sum),
        MinBytes = Bytes(_mins, RangeMembers.Min),
        MaxBytes = Bytes(_maxs, RangeMembers.Max),
        LastBytes = Bytes(_lasts, RangeMembers.Last),
        LastOffsetBytes = (members & RangeMembers.Last) != 0 ? Whole(_lastOffsets, 0) : [],
        RevisionBytes = _revisions.Count > 0 ? Whole(_revisions, 0) : [],
        DistinctBytes = _hasSets ? Whole(_distincts, -1) : [],
        QuantileBytes = [.. _quantiles.Select(column => Whole(column, double.NaN))],
    };

    /// <summary>Starts anew.</summary>
    public void Clear()
    {
        _starts.Clear();
        _sizes.Clear();
        _finals.Clear();
        _counts.Clear();
        _sums.Clear();
        _mins.Clear();
        _maxs.Clear();
        _lasts.Clear();
        _lastOffsets.Clear();
        _revisions.Clear();
        _distincts.Clear();
        Array.ForEach(_quantiles, static column => column.Clear());
        _hasSets = false;
    }

    private void Set(List<double> column, RangeMembers member, double value)
    {
        if ((members & member) != 0)
        {
            Fill(column, double.NaN);
            column.Add(value);
        }
    }

    /// <summary>What was not said of the windows before.</summary>
    private void Fill<T>(List<T> column, T missing)
    {
        while (column.Count < Count - 1)
        {
            column.Add(missing);
        }
    }

    private byte[] Bytes(List<double> column, RangeMembers member) => (members & member) != 0 ? Whole(column, double.NaN) : [];

    private byte[] Whole<T>(List<T> column, T missing)
        where T : struct
    {
        while (column.Count < Count)
        {
            column.Add(missing);
        }

        return Bytes(column);
    }

    private static byte[] Bytes<T>(List<T> column)
        where T : struct => MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(column)).ToArray();
}
