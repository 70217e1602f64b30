using System.Numerics;
using System.Runtime.CompilerServices;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>
/// Series ordinals by 64-bit identity: open addressing with linear probing over 8-byte slots that hold half of the identity's bits and
/// the ordinal plus one. The whole identity is in the series' own record, which the caller reads next anyway.
/// </summary>
internal sealed class SeriesIndex
{
    private const int FirstCapacity = 8;

    private ulong[] _slots = new ulong[FirstCapacity];
    private int _shift = 64 - BitOperations.Log2(FirstCapacity);
    private int _count;

    /// <summary>The first ordinal whose identity looks like this one, for the caller to compare; -1 when there is surely none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int FindCandidate(ulong id)
    {
        var slots = _slots;
        for (var slot = (int)(Mix(id) >> _shift); ; slot++)
        {
            var entry = slots[slot & (slots.Length - 1)];
            if (entry == 0 || entry >> 32 == Fingerprint(id))
            {
                return (int)entry - 1;
            }
        }
    }

    /// <summary>The ordinal of the series with this identity; -1 when there is none.</summary>
    public int Find(ulong id, PagedList<SeriesState> series)
    {
        for (var slot = (int)(Mix(id) >> _shift); ; slot++)
        {
            var entry = _slots[slot & (_slots.Length - 1)];
            if (entry == 0)
            {
                return -1;
            }

            var ordinal = (int)entry - 1;
            if (entry >> 32 == Fingerprint(id) && series[ordinal].Id == id)
            {
                return ordinal;
            }
        }
    }

    /// <summary>Adds an identity that is not there yet.</summary>
    public void Add(ulong id, int ordinal, PagedList<SeriesState> series)
    {
        if (_count * 4L >= _slots.Length * 3L)
        {
            _slots = new ulong[_slots.Length * 2];
            _shift--;
            for (var i = 0; i < ordinal; i++)
            {
                Insert(series[i].Id, i);
            }
        }

        Insert(id, ordinal);
        _count++;
    }

    private void Insert(ulong id, int ordinal)
    {
        var slot = (int)(Mix(id) >> _shift);
        while (_slots[slot & (_slots.Length - 1)] != 0)
        {
            slot++;
        }

        _slots[slot & (_slots.Length - 1)] = (Fingerprint(id) << 32) | (uint)(ordinal + 1);
    }

    // Identities are hashes already; the multiplication keeps other numberings from clustering.
    private static ulong Mix(ulong id) => id * 0x9E3779B97F4A7C15;

    private static ulong Fingerprint(ulong id) => (uint)(id ^ (id >> 32));
}
