using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>
/// Rows of series by identity: open addressing over 8-byte slots that hold half of the hash and the row plus one. The whole
/// identity is in the row, which the caller reads next anyway.
/// </summary>
/// <remarks>
/// Senders choose the keys that identities are hashes of, without a secret. A secret of this process is mixed in, so that chosen
/// identities cannot be made to share slots. It decides nothing but where a slot is.
/// </remarks>
internal sealed class SeriesIndex(PagedList<SeriesRow> rows)
{
    private const int FirstBits = 3;

    private static readonly ulong Secret = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));
    private static readonly ulong Multiplier = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)) | 1;

    private ulong[] _slots = new ulong[1 << FirstBits];
    private int _bits = FirstBits;
    private int _count;

    /// <summary>The first row whose identity may be this one, for the caller to compare; −1 when there is surely none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int FindCandidate(ulong id)
    {
        var slots = _slots;
        var hash = Hash(id);
        for (var at = (int)(hash >> (64 - _bits)); ; at++)
        {
            var slot = slots[at & (slots.Length - 1)];
            if (slot == 0 || slot >> 32 == (uint)hash)
            {
                return (int)slot - 1;
            }
        }
    }

    /// <summary>The row of an identity; −1 when there is none.</summary>
    public int Find(ulong id)
    {
        var slots = _slots;
        var hash = Hash(id);
        for (var at = (int)(hash >> (64 - _bits)); ; at++)
        {
            var slot = slots[at & (slots.Length - 1)];
            if (slot == 0)
            {
                return -1;
            }

            var row = (int)slot - 1;
            if (slot >> 32 == (uint)hash && rows[row].Id == id)
            {
                return row;
            }
        }
    }

    /// <summary>Adds a row whose identity is not there yet.</summary>
    public void Add(int row)
    {
        // At most four fifths full.
        if ((_count + 1) * 5L > _slots.Length * 4L)
        {
            _bits++;
            _slots = new ulong[1 << _bits];
            for (var i = 0; i < row; i++)
            {
                Insert(i);
            }
        }

        Insert(row);
        _count++;
    }

    /// <summary>Starts over with so many rows.</summary>
    public void Rebuild(int count)
    {
        for (_bits = FirstBits; count * 5L > (4L << _bits); _bits++)
        {
        }

        _slots = new ulong[1 << _bits];
        _count = count;
        for (var i = 0; i < count; i++)
        {
            Insert(i);
        }
    }

    private void Insert(int row)
    {
        var hash = Hash(rows[row].Id);
        var at = (int)(hash >> (64 - _bits)) & (_slots.Length - 1);
        while (_slots[at] != 0)
        {
            at = (at + 1) & (_slots.Length - 1);
        }

        _slots[at] = ((ulong)(uint)hash << 32) | (uint)(row + 1);
    }

    /// <summary>Both halves of the product: each bit of the identity reaches each bit of the hash.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Hash(ulong id)
    {
        var high = Math.BigMul(id ^ Secret, Multiplier, out ulong low);
        return high ^ low;
    }
}
