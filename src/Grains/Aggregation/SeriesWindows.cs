using System.Runtime.CompilerServices;
using OrleansMetrics.Contracts.Points;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>
/// The windows of all series of a metric. The window that a series' points fall into now is in its row, ready for the next point; the
/// windows that it has gone past are packed. A packed window that a late point falls into is opened again, beside the row, and stays
/// open until it closes, so that points in turn for two windows do not pack and open them in turn.
/// </summary>
internal sealed class SeriesWindows
{
    private readonly SeriesTable _table;
    private readonly PagedList<Other> _others = new();
    private WindowState? _state;
    private readonly WindowCodec _codec;
    private int _freeOther;

    public SeriesWindows(SeriesTable table, BlockHeap heap, int retained)
    {
        _table = table;
        Values = new OpenValues(heap);
        Packed = new PackedWindows(table, heap, retained);
        _codec = new WindowCodec(Values);
    }

    public OpenValues Values { get; }

    public PackedWindows Packed { get; }

    /// <summary>The metric is a set. It has no windows yet.</summary>
    public void KeepElements()
    {
        Values.KeepElements();
        _state = null;
    }

    /// <summary>Adds a point to an open window that has points.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(ref OpenWindow window, int offset, double value)
    {
        Values.Add(ref window, value);
        window.Count++;
        window.Sum += value;
        window.Min = Math.Min(window.Min, value);
        window.Max = Math.Max(window.Max, value);
        if (offset >= window.LastOffset)
        {
            window.Last = value;
            window.LastOffset = offset;
        }
    }

    /// <summary>Adds a point to a window of a series, open, packed or new.</summary>
    /// <returns>True when the window is new.</returns>
    public bool Add(int row, long start, int size, int offset, double value)
    {
        ref var window = ref Find(row, start, size);
        if (Values.Elements is { } elements)
        {
            elements.Add(ref window, SetElement.FromValue(value));
            window.Start = start;
            window.LastOffset = Math.Max(window.LastOffset, offset);
            return window.Count++ == 0;
        }

        if (window.Count > 0)
        {
            Add(ref window, offset, value);
            return false;
        }

        window.Start = start;
        window.Count = 1;
        window.Sum = window.Min = window.Max = window.Last = value;
        window.LastOffset = offset;
        return true;
    }

    /// <summary>Packs the open window with this place in time, if there is one.</summary>
    public void Close(int row, long start, int size, int rowSize)
    {
        ref var current = ref _table.Rows[row].Window;
        if (current.Start == start && size == rowSize)
        {
            PackCurrent(row, rowSize);
            return;
        }

        ref var link = ref current.Next;
        while (link != 0)
        {
            ref var other = ref _others[link - 1];
            if (other.Window.Start == start && other.Size == size)
            {
                var place = link;
                link = other.Window.Next;
                Pack(row, ref other.Window, size);
                other.Window = new OpenWindow { Next = _freeOther };
                _freeOther = place;
                return;
            }

            link = ref other.Window.Next;
        }
    }

    /// <summary>Packs the window of a series' row, if it has one.</summary>
    public void PackCurrent(int row, int rowSize)
    {
        ref var current = ref _table.Rows[row].Window;
        if (current.Count > 0)
        {
            Pack(row, ref current, rowSize);
            current = new OpenWindow { Start = OpenWindow.None, Next = current.Next };
        }
    }

    /// <summary>The packed form of a window on its own.</summary>
    public byte[] Pack(WindowState state)
    {
        var window = default(OpenWindow);
        Unpack(ref window, state);
        var bytes = _codec.Write(window).ToArray();
        Values.Release(ref window);
        return bytes;
    }

    /// <summary>All windows of a series, in order; those beyond the ones to be kept are left out.</summary>
    public void List(int row, int rowSize, long finalThrough, int retained, List<WindowReference> windows) =>
        List(row, rowSize, finalThrough, retained, long.MaxValue, windows);

    /// <summary>The same, but those that end after an instant are not left out.</summary>
    public void List(int row, int rowSize, long finalThrough, int retained, long keptAfter, List<WindowReference> windows)
    {
        windows.Clear();
        for (var packed = Packed.Read(row); packed.MoveNext();)
        {
            windows.Add(new WindowReference(packed.Start, packed.Size, WindowReference.Packed, packed.Next - packed.Body.Length, packed.Body.Length));
        }

        ref var current = ref _table.Rows[row].Window;
        var sorted = current.Next == 0 && (current.Count == 0 || windows.Count == 0 || windows[^1].Start < current.Start);
        if (current.Count > 0)
        {
            windows.Add(new WindowReference(current.Start, rowSize, WindowReference.Current, 0, 0));
        }

        for (var at = current.Next; at != 0; at = _others[at - 1].Window.Next)
        {
            windows.Add(new WindowReference(_others[at - 1].Window.Start, _others[at - 1].Size, at, 0, 0));
        }

        if (!sorted)
        {
            windows.Sort();
        }

        var excess = -retained;
        var lastEnd = long.MinValue;
        foreach (var window in windows)
        {
            if (window.End <= finalThrough)
            {
                excess++;
                lastEnd = Math.Max(lastEnd, window.End);
            }
        }

        // With history, what a snapshot had beyond those to be retained was only waiting to be written there.
        var drops = lastEnd > Packed.RestoredThrough || Packed.KeptAfter != long.MaxValue;
        for (var i = 0; drops && excess > 0 && i < windows.Count;)
        {
            if (windows[i].End <= finalThrough && windows[i].End <= keptAfter)
            {
                windows.RemoveAt(i);
                excess--;
            }
            else
            {
                i++;
            }
        }

        // All windows are wanted where none are too many.
        for (var i = 0; retained != int.MaxValue && i < windows.Count && windows[i].Start < Packed.ExpiredThrough;)
        {
            if (windows[i].End <= Packed.ExpiredThrough && windows[i].End <= keptAfter)
            {
                windows.RemoveAt(i);
            }
            else
            {
                i++;
            }
        }
    }

    /// <summary>The packed form of a window that <see cref="List"/> found; valid until the next call.</summary>
    public ReadOnlySpan<byte> Bytes(int row, in WindowReference window) =>
        window.Place == WindowReference.Packed ? Packed.Bytes(row).Slice(window.Offset, window.Length) : _codec.Write(Open(row, window));

    /// <summary>A window that <see cref="List"/> found, in full; valid until the next call.</summary>
    public WindowState Load(int row, in WindowReference window)
    {
        State.Start = window.Start;
        State.Size = window.Size;
        if (window.Place == WindowReference.Packed)
        {
            WindowCodec.Read(Bytes(row, window), State, SketchReading.Full);
            return State;
        }

        ref var open = ref Open(row, window);
        State.Count = open.Count;
        State.Sum = open.Sum;
        State.Min = open.Min;
        State.Max = open.Max;
        State.Last = open.Last;
        State.LastOffset = open.LastOffset;
        if (Values.Elements is { } elements)
        {
            elements.CopyTo(open, State.Elements);
        }
        else
        {
            Values.CopyTo(open, State.Sketch);
        }

        return State;
    }

    /// <summary>The packed form of the window in a series' row, which has points; valid until the next call.</summary>
    public ReadOnlySpan<byte> CurrentBytes(int row) => _codec.Write(_table.Rows[row].Window);

    private WindowState State => _state ??= new WindowState { IsSet = Values.Elements is not null };

    private ref OpenWindow Open(int row, in WindowReference window) =>
        ref window.Place == WindowReference.Current ? ref _table.Rows[row].Window : ref _others[window.Place - 1].Window;

    /// <summary>The open window with this place in time; one without points when it is new.</summary>
    private ref OpenWindow Find(int row, long start, int size)
    {
        ref var current = ref _table.Rows[row].Window;
        if (current.Start == start)
        {
            return ref current;
        }

        for (var at = current.Next; at != 0; at = _others[at - 1].Window.Next)
        {
            if (_others[at - 1].Window.Start == start && _others[at - 1].Size == size)
            {
                return ref _others[at - 1].Window;
            }
        }

        if (Packed.TryFind(row, start, size, out var packed))
        {
            WindowCodec.Read(packed.Body, State, SketchReading.Full);
            State.Start = start;
            Packed.Remove(row, start, size);
            ref var opened = ref current.Count == 0 ? ref current : ref TakeOther(ref current, size);
            Unpack(ref opened, State);
            return ref opened;
        }

        if (current.Count > 0)
        {
            if (start < current.Start)
            {
                return ref TakeOther(ref current, size);
            }

            PackCurrent(row, size);
        }

        return ref current;
    }

    private void Unpack(ref OpenWindow window, WindowState state)
    {
        window.Start = state.Start;
        window.Count = state.Count;
        window.Sum = state.Sum;
        window.Min = state.Min;
        window.Max = state.Max;
        window.Last = state.Last;
        window.LastOffset = state.LastOffset;
        if (Values.Elements is { } elements)
        {
            elements.CopyFrom(ref window, state.Elements);
        }
        else
        {
            Values.CopyFrom(ref window, state.Sketch);
        }
    }

    private void Pack(int row, ref OpenWindow window, int size)
    {
        Packed.Add(row, window.Start, size, _codec.Write(window));
        Values.Release(ref window);
    }

    private ref OpenWindow TakeOther(ref OpenWindow current, int size)
    {
        var place = _freeOther;
        if (place == 0)
        {
            place = _others.Add() + 1;
        }
        else
        {
            _freeOther = _others[place - 1].Window.Next;
        }

        ref var other = ref _others[place - 1];
        other.Size = size;
        other.Window = new OpenWindow { Next = current.Next };
        current.Next = place;
        return ref other.Window;
    }

    /// <summary>An open window that is not in its series' row.</summary>
    private struct Other
    {
        public OpenWindow Window;
        public int Size;
    }
}
