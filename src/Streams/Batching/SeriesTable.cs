using System.Buffers.Binary;
using System.Numerics;

namespace OrleansMetrics.Streams.Batching;

/// <summary>
/// Open addressing from raw keys to series, half full at most. One writer at a time, any number of readers without locks: a slot is
/// complete before its entry is published, and is never changed or emptied afterwards. A table that is too small is replaced by a copy.
/// </summary>
/// <remarks>
/// The keys lie in one array, each after eight bytes of <see cref="RawSeriesKey.Shape"/>, so that a hit touches a slot, a key and
/// an entry, and a million series add two objects for the collector to follow instead of two million.
/// </remarks>
internal sealed class SeriesTable
{
    private const int ShapeLength = 8;

    /// <summary>Between the pieces of a stored key; what line protocol has there.</summary>
    private const byte Separator = (byte)' ';
    private readonly Slot[] _slots;
    private readonly byte[] _keys;
    private int _keysLength;

    public SeriesTable(int slots, int keyBytes)
    {
        _slots = new Slot[BitOperations.RoundUpToPowerOf2((uint)slots)];
        _keys = GC.AllocateUninitializedArray<byte>(keyBytes);
    }

    private SeriesTable(Slot[] slots, byte[] keys, int keysLength, int count)
    {
        _slots = slots;
        _keys = keys;
        _keysLength = keysLength;
        Count = count;
    }

    public int Count { get; private set; }

    public long Bytes => (_slots.Length * 16L) + _keys.Length;

    public static int KeyBytes(in RawSeriesKey key) => (ShapeLength + key.Series.Length + 1 + key.Field.Length + 7) & ~7;

    public SeriesEntry? Find(in RawSeriesKey key)
    {
        var slots = _slots;
        var keys = _keys;
        var fingerprint = (uint)(key.Hash >> 32);
        for (var i = fingerprint; ; i++)
        {
            ref var slot = ref slots[(int)(i & (uint)(slots.Length - 1))];
            var entry = Volatile.Read(ref slot.Entry);
            if (entry is null)
            {
                return null;
            }

            if (slot.Fingerprint == fingerprint && Matches(keys.AsSpan(slot.KeyAt), key))
            {
                return entry;
            }
        }
    }

    /// <summary>
    /// Finds several. The passes are apart, and two of them do nothing but read, so that the processor waits for the memory of all
    /// keys at once: with 100,000 series that takes a quarter off the time per point (ParserBenchmarks), with few it costs a little.
    /// </summary>
    public void Find(RawFormat format, ReadOnlySpan<byte> text, Span<SeriesLookup> lookups)
    {
        var slots = _slots;
        foreach (ref readonly var lookup in lookups)
        {
            Volatile.Read(ref slots[(int)(lookup.Hash >> 32) & (slots.Length - 1)].Fingerprint);
        }

        foreach (ref var lookup in lookups)
        {
            var fingerprint = (uint)(lookup.Hash >> 32);
            for (var i = fingerprint; ; i++)
            {
                ref var slot = ref slots[(int)(i & (uint)(slots.Length - 1))];
                var entry = Volatile.Read(ref slot.Entry);
                if (entry is null || slot.Fingerprint == fingerprint)
                {
                    lookup.Entry = entry;
                    lookup.KeyAt = slot.KeyAt;
                    break;
                }
            }
        }

        var keys = _keys;
        foreach (ref readonly var lookup in lookups)
        {
            Volatile.Read(ref keys[lookup.KeyAt]);
            lookup.Entry?.Touch();
        }

        foreach (ref var lookup in lookups)
        {
            if (lookup.Entry is not null && !Matches(keys.AsSpan(lookup.KeyAt), lookup, format, text))
            {
                lookup.Entry = Find(lookup.Key(format, text));
            }
        }
    }

    public bool HasRoomFor(in RawSeriesKey key) => (Count + 1) * 2 <= _slots.Length && _keysLength + KeyBytes(key) <= _keys.Length;

    /// <summary><see cref="Bytes"/> of the table that has room for the key.</summary>
    public long BytesWithRoomFor(in RawSeriesKey key) => (SlotsFor(Count + 1) * 16L) + KeyCapacityFor(key);

    /// <summary>A copy with room for the key, for the caller to publish.</summary>
    public SeriesTable WithRoomFor(in RawSeriesKey key)
    {
        var keys = GC.AllocateUninitializedArray<byte>(KeyCapacityFor(key));
        _keys.AsSpan(0, _keysLength).CopyTo(keys);
        var slots = new Slot[SlotsFor(Count + 1)];
        foreach (var slot in _slots)
        {
            if (slot.Entry is not null)
            {
                slots[FreeSlot(slots, slot.Fingerprint)] = slot;
            }
        }

        return new SeriesTable(slots, keys, _keysLength, Count);
    }

    /// <summary>Adds a key that is not in the table and for which there is room.</summary>
    public void Add(in RawSeriesKey key, SeriesEntry entry)
    {
        var at = _keysLength;
        var target = _keys.AsSpan(at, KeyBytes(key));
        BinaryPrimitives.WriteUInt64LittleEndian(target, key.Shape);
        key.Series.CopyTo(target[ShapeLength..]);
        target[ShapeLength + key.Series.Length] = Separator;
        key.Field.CopyTo(target[(ShapeLength + key.Series.Length + 1)..]);
        _keysLength = at + target.Length;

        var fingerprint = (uint)(key.Hash >> 32);
        ref var slot = ref _slots[FreeSlot(_slots, fingerprint)];
        slot.Fingerprint = fingerprint;
        slot.KeyAt = at;
        Volatile.Write(ref slot.Entry, entry);
        Count++;
    }

    private int SlotsFor(int count) => count * 2 <= _slots.Length ? _slots.Length : _slots.Length * 2;

    private int KeyCapacityFor(in RawSeriesKey key)
    {
        var needed = _keysLength + KeyBytes(key);
        return needed <= _keys.Length ? _keys.Length : (int)Math.Max(needed, Math.Min(_keys.Length * 2L, Array.MaxLength));
    }

    private static int FreeSlot(Slot[] slots, uint fingerprint)
    {
        var i = (int)(fingerprint & (uint)(slots.Length - 1));
        while (slots[i].Entry is not null)
        {
            i = (i + 1) & (slots.Length - 1);
        }

        return i;
    }

    private static bool Matches(ReadOnlySpan<byte> stored, in RawSeriesKey key)
    {
        if (BinaryPrimitives.ReadUInt64LittleEndian(stored) != key.Shape)
        {
            return false;
        }

        stored = stored[ShapeLength..];
        return stored[..key.Series.Length].SequenceEqual(key.Series)
            && stored.Slice(key.Series.Length + 1, key.Field.Length).SequenceEqual(key.Field);
    }

    /// <summary>The same, with one comparison when the pieces stand in the text as they are stored.</summary>
    private static bool Matches(ReadOnlySpan<byte> stored, in SeriesLookup lookup, RawFormat format, ReadOnlySpan<byte> text)
    {
        var gap = lookup.SeriesAt + lookup.SeriesLength;
        if (lookup.FieldAt != gap + 1 || text[gap] != Separator)
        {
            return Matches(stored, lookup.Key(format, text));
        }

        var length = lookup.SeriesLength + 1 + lookup.FieldLength;
        return BinaryPrimitives.ReadUInt64LittleEndian(stored) == RawSeriesKey.ShapeOf(format, lookup.SeriesLength, lookup.FieldLength)
            && stored.Slice(ShapeLength, length).SequenceEqual(text.Slice(lookup.SeriesAt, length));
    }

    /// <summary>16 bytes: four to a cache line.</summary>
    private struct Slot
    {
        public SeriesEntry? Entry;
        public uint Fingerprint;
        public int KeyAt;
    }
}
