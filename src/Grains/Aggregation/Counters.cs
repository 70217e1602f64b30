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
}
