using System.Runtime.CompilerServices;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>The series of a metric, in the order in which they were first seen: identities, keys and the records of their windows.</summary>
internal sealed class SeriesTable(BlockHeap heap)
{
    private readonly SeriesIndex _index = new();

    public PagedList<SeriesState> States { get; } = new();

    public PagedList<SeriesHistory> Histories { get; } = new();

    public int Count => States.Count;

    /// <summary>As <see cref="SeriesIndex.FindCandidate"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int FindCandidate(ulong id) => _index.FindCandidate(id);

    /// <summary>The ordinal of a series; -1 when it is unknown.</summary>
    public int Find(ulong id) => _index.Find(id, States);

    public int FindOrAdd(ulong id)
    {
        var ordinal = _index.Find(id, States);
        return ordinal >= 0 ? ordinal : Add(id);
    }

    /// <summary>Sets the key of a series, or compares it with the one set before; false when that is another.</summary>
    public bool TryDefine(int ordinal, ReadOnlySpan<byte> key)
    {
        ref var history = ref Histories[ordinal];
        if (history.KeyLengthPlusOne > 0)
        {
            return key.SequenceEqual(KeyOf(ordinal));
        }

        history.KeyLengthPlusOne = key.Length + 1;
        if (!key.IsEmpty)
        {
            history.Key = heap.Allocate(BlockHeap.WordsFor(key.Length));
            key.CopyTo(heap.Bytes(history.Key, key.Length));
        }

        return true;
    }

    public bool IsDefined(int ordinal) => Histories[ordinal].KeyLengthPlusOne > 0;

    /// <summary>The canonical key; empty too while it is not known.</summary>
    public ReadOnlySpan<byte> KeyOf(int ordinal)
    {
        ref var history = ref Histories[ordinal];
        return history.KeyLengthPlusOne > 1 ? heap.Bytes(history.Key, history.KeyLengthPlusOne - 1) : default;
    }

    private int Add(ulong id)
    {
        var ordinal = States.Add();
        Histories.Add();
        States[ordinal].Id = id;
        _index.Add(id, ordinal, States);
        return ordinal;
    }
}
