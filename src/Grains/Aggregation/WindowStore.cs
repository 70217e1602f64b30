using System.Numerics;
using System.Runtime.CompilerServices;
using OrleansMetrics.Contracts.Windows;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>
/// The windows of all series of a metric. The open window of a series' last point is in the series' record, its other open windows
/// are in a list, its final windows are encoded in blocks from the oldest to the newest.
/// </summary>
internal sealed class WindowStore(SeriesTable table, BlockHeap heap, WindowSettings settings)
{
    private readonly OpenValues _values = new(heap);
    private readonly PagedList<OtherWindow> _others = new();
    private readonly Window _window = new();
    private byte[] _encoded = new byte[256];
    private int _freeOther;

    /// <summary>The final windows.</summary>
    public FinalWindows Finals { get; } = new(table, heap, settings.Retained);

    /// <summary>True when the watermark has passed the end of a window by the allowed lateness.</summary>
    public bool IsFinal(long end, long watermark) => watermark >= end + settings.AllowedLateness;

    /// <summary>Adds a point to an open window that has points.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(ref WindowCell cell, long time, double value)
    {
        if (cell.Sketch is { } sketch)
        {
            sketch.Add(value);
        }
        else
        {
            _values.Add(ref cell, value);
        }

        cell.Count++;
        cell.Sum += value;
        if (value < cell.Min)
        {
            cell.Min = value;
        }

        if (value > cell.Max)
        {
            cell.Max = value;
        }

        if (time >= cell.LastAt)
        {
            cell.LastAt = time;
            cell.Last = value;
        }
    }

    /// <summary>
    /// Brings what the points of a block will change into the cache. A point follows a chain of references, each of which may miss the
    /// cache; here the misses of all points at one step of the chain overlap.
    /// </summary>
    /// <param name="ordinals">Series per point; -1 for none.</param>
    /// <param name="values">Value per point.</param>
    /// <returns>Of no meaning; keeps the reads from being optimized away.</returns>
    public int Touch(ReadOnlySpan<int> ordinals, ReadOnlySpan<double> values)
    {
        var states = table.States;
        var touched = 0;
        foreach (var ordinal in ordinals)
        {
            if (ordinal >= 0)
            {
                ref var state = ref states[ordinal];
                touched += (int)state.Id + state.Window.Next;
            }
        }

        foreach (var ordinal in ordinals)
        {
            if (ordinal < 0)
            {
                continue;
            }

            ref var window = ref states[ordinal].Window;
            if (window.Sketch is { } sketch)
            {
                touched += sketch.Touch();
            }
            else
            {
                touched += _values.Touch(window);
            }
        }

        for (var i = 0; i < ordinals.Length; i++)
        {
            if (ordinals[i] >= 0 && states[ordinals[i]].Window.Sketch is { } sketch)
            {
                touched += sketch.TouchBucket(values[i]);
            }
        }

        return touched;
    }

    /// <summary>Adds a point to another window than that of the series' last point, which it opens if need be and makes the current one.</summary>
    /// <returns>True when the window is new.</returns>
    public bool AddToOther(int ordinal, long start, long time, double value)
    {
        ref var current = ref table.States[ordinal].Window;
        if (TryMakeCurrent(ref current, start))
        {
            Add(ref current, time, value);
            return false;
        }

        MakeRoom(ref current);
        current.Start = start;
        current.Count = 1;
        current.Sum = value;
        current.Min = value;
        current.Max = value;
        current.Last = value;
        current.LastAt = time;
        return true;
    }

    /// <summary>Makes the windows of a series final that the watermark allows, in the order of their ends.</summary>
    /// <param name="ordinal">The series.</param>
    /// <param name="watermark">The watermark.</param>
    /// <param name="closed">Receives them; null: nobody is interested.</param>
    /// <returns>The earliest end among the windows that stay open; <see cref="long.MaxValue"/> when there is none.</returns>
    public long Close(int ordinal, long watermark, List<WindowAggregate>? closed)
    {
        while (true)
        {
            ref var current = ref table.States[ordinal].Window;
            var earliest = current.Next == 0 ? CurrentOrNone(current) : EarliestOf(current);
            if (earliest.End == long.MaxValue || !IsFinal(earliest.End, watermark))
            {
                return earliest.End;
            }

            if (earliest.Other == 0)
            {
                MakeFinal(ordinal, ref current, settings.Size, closed);
            }
            else
            {
                MakeFinal(ordinal, ref _others[earliest.Other - 1].Cell, _others[earliest.Other - 1].Size, closed);
                Unlink(ref current, earliest.Other);
            }
        }
    }

    /// <summary>Gives memory back that the windows since the last closing had no use for.</summary>
    public void TrimAfterClosing(bool noneOpen) => _values.Trim(noneOpen);

    /// <summary>Takes over a window from a snapshot. The windows of a series come in ascending order of end, then start.</summary>
    public void Restore(int ordinal, Window window, ReadOnlySpan<byte> encoded, long watermark)
    {
        if (IsFinal(window.End, watermark))
        {
            Finals.Append(ordinal, encoded);
            return;
        }

        ref var current = ref table.States[ordinal].Window;
        if (window.Size != settings.Size)
        {
            var other = TakeOther();
            _others[other - 1].Size = window.Size;
            _values.Fill(ref _others[other - 1].Cell, window);
            _others[other - 1].Cell.Next = current.Next;
            current.Next = other;
            return;
        }

        MakeRoom(ref current);
        _values.Fill(ref current, window);
    }

    /// <summary>References to the open windows of a series, ascending by end, then start.</summary>
    public void FindOpen(int ordinal, List<OpenWindowReference> references)
    {
        references.Clear();
        ref var current = ref table.States[ordinal].Window;
        if (current.Count > 0)
        {
            references.Add(new OpenWindowReference(current.Start + settings.Size, current.Start, 0));
        }

        for (var other = current.Next; other != 0; other = _others[other - 1].Cell.Next)
        {
            ref var window = ref _others[other - 1];
            references.Add(new OpenWindowReference(window.Cell.Start + window.Size, window.Cell.Start, other));
        }

        if (references.Count > 1)
        {
            references.Sort();
        }
    }

    /// <summary>Fills a window from an open one; its sketch is borrowed until the next point.</summary>
    public void LoadOpen(int ordinal, OpenWindowReference reference, Window into)
    {
        if (reference.Other == 0)
        {
            _values.Load(table.States[ordinal].Window, settings.Size, into);
        }
        else
        {
            _values.Load(_others[reference.Other - 1].Cell, _others[reference.Other - 1].Size, into);
        }
    }

    private bool TryMakeCurrent(ref WindowCell current, long start)
    {
        var other = current.Next;
        while (other != 0 && (_others[other - 1].Cell.Start != start || _others[other - 1].Size != settings.Size))
        {
            other = _others[other - 1].Cell.Next;
        }

        if (other == 0)
        {
            return false;
        }

        ref var cell = ref _others[other - 1].Cell;
        var found = cell;
        if (current.Count > 0)
        {
            cell = current;
            cell.Next = found.Next;
        }
        else
        {
            Unlink(ref current, other);
        }

        found.Next = current.Next;
        current = found;
        return true;
    }

    private void MakeRoom(ref WindowCell current)
    {
        if (current.Count == 0)
        {
            return;
        }

        var other = TakeOther();
        _others[other - 1] = new OtherWindow { Cell = current, Size = settings.Size };
        current = new WindowCell { Next = other };
    }

    private int TakeOther()
    {
        var other = _freeOther;
        if (other == 0)
        {
            return _others.Add() + 1;
        }

        _freeOther = _others[other - 1].Cell.Next;
        return other;
    }

    private void Unlink(ref WindowCell current, int other)
    {
        ref var cell = ref _others[other - 1].Cell;
        if (current.Next == other)
        {
            current.Next = cell.Next;
        }
        else
        {
            var before = current.Next;
            while (_others[before - 1].Cell.Next != other)
            {
                before = _others[before - 1].Cell.Next;
            }

            _others[before - 1].Cell.Next = cell.Next;
        }

        cell = new WindowCell { Next = _freeOther };
        _freeOther = other;
    }

    private OpenWindowReference CurrentOrNone(in WindowCell current) =>
        new(current.Count == 0 ? long.MaxValue : current.Start + settings.Size, current.Start, 0);

    private OpenWindowReference EarliestOf(in WindowCell current)
    {
        var earliest = CurrentOrNone(current);
        for (var other = current.Next; other != 0; other = _others[other - 1].Cell.Next)
        {
            ref var window = ref _others[other - 1];
            var reference = new OpenWindowReference(window.Cell.Start + window.Size, window.Cell.Start, other);
            earliest = reference.CompareTo(earliest) < 0 ? reference : earliest;
        }

        return earliest;
    }

    private void MakeFinal(int ordinal, ref WindowCell cell, long size, List<WindowAggregate>? closed)
    {
        _values.Load(cell, size, _window);
        _window.Compact();
        closed?.Add(_window.ToContract(final: true, settings.Quantiles));
        var needed = WindowCodec.MaxLength(_window);
        if (needed > _encoded.Length)
        {
            _encoded = new byte[BitOperations.RoundUpToPowerOf2((uint)needed)];
        }

        Finals.Append(ordinal, _encoded.AsSpan(0, WindowCodec.Write(_window, _encoded)));
        _values.Release(ref cell);
    }
}
