using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>A run of bucket counters of 4 to 64 bits in a block of the heap; bucket <see cref="First"/> is in its first slot.</summary>
internal struct Counters
{
    /// <summary>Slots come in this number; as many counters of the narrowest width fill 8 bytes.</summary>
    public const int Step = 16;

    /// <summary>The widest counters have 64 bits.</summary>
    public const int MaxWidth = 4;

    /// <summary>0: none.</summary>
    public uint Block;

    public int First;

    /// <summary>At most <see cref="ExponentialHistogram.MaxBuckets"/>, so that values within the run never need a coarser scale.</summary>
    public ushort Slots;

    /// <summary>Counters have 4 · 2^width bits.</summary>
    public byte Width;

    /// <summary>The sketch's scale is this much below the finest. Meaningful for the positive values' counters.</summary>
    public byte Shift;

    /// <summary>Bytes of so many counters.</summary>
    public static int BytesOf(int slots, int width) => slots / 2 << width;

    /// <summary>False when the bucket is outside of the run or its counter is at its greatest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool TryIncrement(BlockHeap heap, int bucket)
    {
        var slot = bucket - First;
        if ((uint)slot >= Slots)
        {
            return false;
        }

        if (Width == 1)
        {
            ref var count = ref heap.At(Block, slot);
            if (count == byte.MaxValue)
            {
                return false;
            }

            count++;
            return true;
        }

        if (Width > 1)
        {
            return TryIncrementWide(heap, slot);
        }

        ref var pair = ref heap.At(Block, slot >> 1);
        var one = (slot & 1) == 0 ? 0x01 : 0x10;
        var all = one * 15;
        if ((pair & all) == all)
        {
            return false;
        }

        pair += (byte)one;
        return true;
    }

    /// <summary>Counts one in a bucket, for which the run grows if it can; false when its counter is at its greatest or the run would be too long.</summary>
    public bool TryIncrementOrExtend(BlockHeap heap, int bucket) =>
        TryIncrement(heap, bucket) || (TryExtend(heap, bucket) && TryIncrement(heap, bucket));

    /// <summary>Empty counters for a range of buckets.</summary>
    public void Reserve(BlockHeap heap, int first, int last, int width)
    {
        var span = last - first + 1;
        Block = heap.Allocate(Counters.BytesOf(RoundUp(span), width));
        var bytes = heap.Bytes(Block);
        bytes.Clear();
        var slots = Math.Min(ExponentialHistogram.MaxBuckets, SlotsIn(bytes.Length, width));
        Slots = (ushort)slots;
        Width = (byte)width;
        First = first - (slots - span) / 2;
    }

    /// <summary>Counters, which are none yet, for all counts.</summary>
    public void CopyFrom(BlockHeap heap, in BucketCounts counts)
    {
        if (counts.IsEmpty)
        {
            return;
        }

        long greatest = 0;
        foreach (var (_, count) in counts)
        {
            greatest = Math.Max(greatest, count);
        }

        var width = 0;
        while (width < Counters.MaxWidth && greatest >= 1L << (4 << width))
        {
            width++;
        }

        Reserve(heap, counts.First, counts.Last, width);
        var words = MemoryMarshal.Cast<byte, ulong>(heap.Bytes(Block));
        foreach (var (bucket, count) in counts)
        {
            var bit = (bucket - First) * (4 << width);
            words[bit / 64] |= (ulong)count << (bit % 64);
        }
    }

    /// <summary>Gives the counters back; there are none then.</summary>
    public void Free(BlockHeap heap)
    {
        if (Block != 0)
        {
            heap.Free(Block);
            this = default;
        }
    }

    /// <summary>Makes the run reach a bucket that it does not have; false when it has it or would be too long.</summary>
    private bool TryExtend(BlockHeap heap, int bucket)
    {
        if (Block == 0)
        {
            Reserve(heap, bucket, bucket, 0);
            return true;
        }

        int below = 0, slots = Slots;
        if (bucket < First)
        {
            below = RoundUp(First - bucket);
            slots += below;
        }
        else if (bucket >= First + slots)
        {
            slots = RoundUp(bucket - First + 1);
        }
        else
        {
            return false;
        }

        if (slots > ExponentialHistogram.MaxBuckets)
        {
            return false;
        }

        // What room the block has is on the side that has just grown.
        var block = heap.Allocate(Counters.BytesOf(slots, Width));
        var bytes = heap.Bytes(block);
        var room = Math.Min(ExponentialHistogram.MaxBuckets, SlotsIn(bytes.Length, Width)) - slots;
        below += below > 0 ? room : 0;
        var old = heap.Bytes(Block)[..Counters.BytesOf(Slots, Width)];
        bytes.Clear();
        old.CopyTo(bytes[Counters.BytesOf(below, Width)..]);
        heap.Free(Block);
        Block = block;
        First -= below;
        Slots = (ushort)(slots + room);
        return true;
    }

    private readonly bool TryIncrementWide(BlockHeap heap, int slot)
    {
        var bytes = heap.Bytes(Block);
        switch (Width)
        {
            case 2:
                ref var two = ref MemoryMarshal.Cast<byte, ushort>(bytes)[slot];
                return two < ushort.MaxValue && ++two > 0;
            case 3:
                ref var four = ref MemoryMarshal.Cast<byte, uint>(bytes)[slot];
                return four < uint.MaxValue && ++four > 0;
            default:
                return ++MemoryMarshal.Cast<byte, ulong>(bytes)[slot] > 0;
        }
    }

    private static int RoundUp(int slots) => (slots + Counters.Step - 1) / Counters.Step * Counters.Step;

    private static int SlotsIn(int bytes, int width) => (bytes * 2 >> width) / Counters.Step * Counters.Step;
}
