using System.Numerics;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>The series of a metric in the order in which they were first seen, found by identity through open addressing.</summary>
internal sealed class SeriesTable
{
    private Slot[] _slots = new Slot[16];
    private SeriesRow[] _rows = new SeriesRow[8];

    public int Count { get; private set; }

    public ref SeriesRow this[int row] => ref _rows[row];

    /// <summary>The row of a series, or −1.</summary>
    public int Find(ulong id)
    {
        var slots = _slots;
        var mask = slots.Length - 1;
        for (var at = (int)id & mask; ; at = (at + 1) & mask)
        {
            ref var slot = ref slots[at];
            if (slot.Row == 0)
            {
                return -1;
            }

            if (slot.Id == id)
            {
                return slot.Row - 1;
            }
        }
    }

    /// <summary>The row of a series, added when it is new.</summary>
    public int FindOrAdd(ulong id)
    {
        var row = Find(id);
        return row >= 0 ? row : Add(id);
    }

    private int Add(ulong id)
    {
        if (Count == _rows.Length)
        {
            Array.Resize(ref _rows, _rows.Length * 2);
        }

        // Identities are hashes already; at most half full keeps probes short.
        if ((Count + 1) * 2 > _slots.Length)
        {
            var old = _slots;
            _slots = new Slot[BitOperations.RoundUpToPowerOf2((uint)old.Length * 2)];
            foreach (var slot in old)
            {
                if (slot.Row != 0)
                {
                    Insert(slot);
                }
            }
        }

        _rows[Count] = new SeriesRow { Id = id, Min = double.PositiveInfinity, Max = double.NegativeInfinity, Cell = -1 };
        Count++;
        Insert(new Slot(id, Count));
        return Count - 1;
    }

    private void Insert(Slot slot)
    {
        var mask = _slots.Length - 1;
        var at = (int)slot.Id & mask;
        while (_slots[at].Row != 0)
        {
            at = (at + 1) & mask;
        }

        _slots[at] = slot;
    }

    /// <summary>Row + 1, so that an empty slot is all zero.</summary>
    private readonly record struct Slot(ulong Id, int Row);
}
