using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>
/// The values of open windows, in blocks of the heap: one by one up to eight, then as the counters of an
/// <see cref="ExponentialHistogram"/>, which is asked whenever a value does not simply count one more.
/// </summary>
internal sealed class OpenValues(BlockHeap heap)
{
    /// <summary>Values kept one by one.</summary>
    public const int MaxRaw = ExponentialHistogram.MaxRaw;

    private readonly PagedList<Rest> _rests = new();
    private readonly ExponentialHistogram _sketch = new();
    private int _freeRest;

    /// <summary>Takes one more value of a window that has points. The caller counts it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(ref OpenWindow window, double value)
    {
        if (window.Count <= MaxRaw)
        {
            AddRaw(ref window, value);
        }
        else if (!(value > 0) || !TryIncrement(window.Values, BucketIndex.Of(value) >> window.Values.Shift))
        {
            AddElsewhere(ref window, value);
        }
    }

    /// <summary>Brings the memory that a value will change into the cache. The result has no meaning, but must be used.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Touch(in OpenWindow window, double value)
    {
        if (window.Values.Block == 0)
        {
            return 0;
        }

        var slot = value > 0 ? (BucketIndex.Of(value) >> window.Values.Shift) - window.Values.First : 0;
        return heap.At(window.Values.Block, (uint)slot < window.Values.Slots ? slot / 2 << window.Values.Width : 0);
    }

    /// <summary>As above, before all values are read.</summary>
    public int Touch(in OpenWindow window) => heap.At(window.Values.Block, 0);

    public long ZerosOf(in OpenWindow window) => window.Rest == 0 ? 0 : _rests[window.Rest - 1].Zeros;

    /// <summary>The values of a window with at most eight points.</summary>
    public ReadOnlySpan<double> RawOf(scoped in OpenWindow window) => MemoryMarshal.Cast<byte, double>(heap.Bytes(window.Values.Block))[..(int)window.Count];

    /// <summary>The counters of a window with more than eight points.</summary>
    public CounterReader PositivesOf(scoped in OpenWindow window) => new(window.Values, heap);

    public CounterReader NegativesOf(scoped in OpenWindow window) => new(window.Rest == 0 ? default : _rests[window.Rest - 1].Negative, heap);

    /// <summary>Bytes that hold the counters of a window; 0 up to eight points.</summary>
    public int CounterBytesOf(in OpenWindow window)
    {
        if (window.Count <= MaxRaw)
        {
            return 0;
        }

        ref readonly var positive = ref window.Values;
        var bytes = Counters.BytesOf(positive.Slots, positive.Width);
        return window.Rest == 0 ? bytes : bytes + Counters.BytesOf(_rests[window.Rest - 1].Negative.Slots, _rests[window.Rest - 1].Negative.Width);
    }

    /// <summary>Copies the values of a window into a sketch.</summary>
    public void CopyTo(in OpenWindow window, ExponentialHistogram sketch)
    {
        sketch.Clear();
        if (window.Count == 1)
        {
            sketch.Add(window.Last);
            return;
        }

        if (window.Count <= MaxRaw)
        {
            foreach (var value in RawOf(window))
            {
                sketch.Add(value);
            }

            return;
        }

        sketch.BeginCounts(ExponentialHistogram.MaxScale - window.Values.Shift, ZerosOf(window));
        var positives = PositivesOf(window);
        while (positives.MoveNext())
        {
            sketch.AddPositive(positives.Bucket, (long)positives.Count);
        }

        var negatives = NegativesOf(window);
        while (negatives.MoveNext())
        {
            sketch.AddNegative(negatives.Bucket, (long)negatives.Count);
        }
    }

    /// <summary>Gives a window, which has none, the values of a sketch.</summary>
    public void CopyFrom(ref OpenWindow window, ExponentialHistogram sketch)
    {
        if (sketch.Count == 1)
        {
            return;
        }

        if (sketch.Count <= MaxRaw)
        {
            window.Values.Block = heap.Allocate(MaxRaw * sizeof(double));
            sketch.Raw.CopyTo(MemoryMarshal.Cast<byte, double>(heap.Bytes(window.Values.Block)));
            return;
        }

        CopyCounts(ref window.Values, sketch.Positive);
        window.Values.Shift = (byte)(ExponentialHistogram.MaxScale - sketch.Scale);
        if (sketch.Zeros > 0 || !sketch.Negative.IsEmpty)
        {
            ref var rest = ref TakeRest(ref window);
            rest.Zeros = sketch.Zeros;
            CopyCounts(ref rest.Negative, sketch.Negative);
        }
    }

    /// <summary>Takes the memory of a window's values back.</summary>
    public void Release(ref OpenWindow window)
    {
        Free(ref window.Values);
        if (window.Rest != 0)
        {
            ref var rest = ref _rests[window.Rest - 1];
            Free(ref rest.Negative);
            rest = new Rest { NextFree = _freeRest };
            _freeRest = window.Rest;
            window.Rest = 0;
        }
    }

    private void AddRaw(ref OpenWindow window, double value)
    {
        var count = (int)window.Count;
        if (count == MaxRaw)
        {
            BeginCounters(ref window, value);
            return;
        }

        if (count == 1)
        {
            window.Values.Block = heap.Allocate(MaxRaw * sizeof(double));
            MemoryMarshal.Cast<byte, double>(heap.Bytes(window.Values.Block))[0] = window.Last;
        }

        MemoryMarshal.Cast<byte, double>(heap.Bytes(window.Values.Block))[count] = value;
    }

    private void BeginCounters(ref OpenWindow window, double ninth)
    {
        Span<double> values = stackalloc double[MaxRaw + 1];
        RawOf(window).CopyTo(values);
        values[MaxRaw] = ninth;
        Free(ref window.Values);
        int first = int.MaxValue, last = int.MinValue;
        foreach (var value in values)
        {
            if (!(value > 0))
            {
                BeginWithAnySign(ref window, values);
                return;
            }

            var bucket = BucketIndex.Of(value);
            first = Math.Min(first, bucket);
            last = Math.Max(last, bucket);
        }

        if (last - first >= ExponentialHistogram.MaxBuckets)
        {
            BeginWithAnySign(ref window, values);
            return;
        }

        Reserve(ref window.Values, first, last, 0);
        foreach (var value in values)
        {
            TryIncrement(window.Values, BucketIndex.Of(value));
        }
    }

    private void BeginWithAnySign(ref OpenWindow window, ReadOnlySpan<double> values)
    {
        _sketch.Clear();
        foreach (var value in values)
        {
            _sketch.Add(value);
        }

        CopyFrom(ref window, _sketch);
    }

    /// <summary>Where the value does not simply count one more in the counters of positive values.</summary>
    private void AddElsewhere(ref OpenWindow window, double value)
    {
        if (value == 0)
        {
            TakeRest(ref window).Zeros++;
            return;
        }

        var bucket = BucketIndex.Of(Math.Abs(value)) >> window.Values.Shift;
        if (value > 0 ? TryIncrementOrExtend(ref window.Values, bucket) : TryIncrementOrExtend(ref TakeRest(ref window).Negative, bucket))
        {
            return;
        }

        // Wider counters or a coarser scale.
        CopyTo(window, _sketch);
        _sketch.Add(value);
        Release(ref window);
        window.Values = default;
        CopyFrom(ref window, _sketch);
    }

    private bool TryIncrementOrExtend(ref Counters counters, int bucket) =>
        TryIncrement(counters, bucket) || (TryExtend(ref counters, bucket) && TryIncrement(counters, bucket));

    /// <summary>False when the bucket is outside of the run or its counter is at its greatest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryIncrement(in Counters counters, int bucket)
    {
        var slot = bucket - counters.First;
        if ((uint)slot >= counters.Slots)
        {
            return false;
        }

        if (counters.Width > 0)
        {
            return TryIncrementWide(counters, slot);
        }

        ref var pair = ref heap.At(counters.Block, slot >> 1);
        var one = (slot & 1) == 0 ? 0x01 : 0x10;
        var all = one * 15;
        if ((pair & all) == all)
        {
            return false;
        }

        pair += (byte)one;
        return true;
    }

    private bool TryIncrementWide(in Counters counters, int slot)
    {
        var bytes = heap.Bytes(counters.Block);
        switch (counters.Width)
        {
            case 1:
                return bytes[slot] < byte.MaxValue && ++bytes[slot] > 0;
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

    /// <summary>Makes the run reach a bucket that it does not have; false when it has it or would be too long.</summary>
    private bool TryExtend(ref Counters counters, int bucket)
    {
        if (counters.Block == 0)
        {
            Reserve(ref counters, bucket, bucket, 0);
            return true;
        }

        int below = 0, slots = counters.Slots;
        if (bucket < counters.First)
        {
            below = RoundUp(counters.First - bucket);
            slots += below;
        }
        else if (bucket >= counters.First + slots)
        {
            slots = RoundUp(bucket - counters.First + 1);
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
        var block = heap.Allocate(Counters.BytesOf(slots, counters.Width));
        var bytes = heap.Bytes(block);
        var room = Math.Min(ExponentialHistogram.MaxBuckets, SlotsIn(bytes.Length, counters.Width)) - slots;
        below += below > 0 ? room : 0;
        var old = heap.Bytes(counters.Block)[..Counters.BytesOf(counters.Slots, counters.Width)];
        bytes.Clear();
        old.CopyTo(bytes[Counters.BytesOf(below, counters.Width)..]);
        heap.Free(counters.Block);
        counters.Block = block;
        counters.First -= below;
        counters.Slots = (ushort)(slots + room);
        return true;
    }

    /// <summary>Empty counters for a range of buckets.</summary>
    private void Reserve(ref Counters counters, int first, int last, int width)
    {
        var span = last - first + 1;
        counters.Block = heap.Allocate(Counters.BytesOf(RoundUp(span), width));
        var bytes = heap.Bytes(counters.Block);
        bytes.Clear();
        var slots = Math.Min(ExponentialHistogram.MaxBuckets, SlotsIn(bytes.Length, width));
        counters.Slots = (ushort)slots;
        counters.Width = (byte)width;
        counters.First = first - (slots - span) / 2;
    }

    private void CopyCounts(ref Counters counters, in BucketCounts counts)
    {
        if (counts.IsEmpty)
        {
            return;
        }

        long greatest = 0;
        for (var bucket = counts.First; bucket <= counts.Last; bucket = counts.NextCounted(bucket + 1))
        {
            greatest = Math.Max(greatest, counts[bucket]);
        }

        var width = 0;
        while (width < Counters.MaxWidth && greatest >= 1L << (4 << width))
        {
            width++;
        }

        Reserve(ref counters, counts.First, counts.Last, width);
        var words = MemoryMarshal.Cast<byte, ulong>(heap.Bytes(counters.Block));
        for (var bucket = counts.First; bucket <= counts.Last; bucket = counts.NextCounted(bucket + 1))
        {
            var bit = (bucket - counters.First) * (4 << width);
            words[bit / 64] |= (ulong)counts[bucket] << (bit % 64);
        }
    }

    private ref Rest TakeRest(ref OpenWindow window)
    {
        if (window.Rest == 0)
        {
            if (_freeRest == 0)
            {
                window.Rest = _rests.Add() + 1;
            }
            else
            {
                window.Rest = _freeRest;
                ref var taken = ref _rests[_freeRest - 1];
                _freeRest = taken.NextFree;
                taken = default;
            }
        }

        return ref _rests[window.Rest - 1];
    }

    private void Free(ref Counters counters)
    {
        if (counters.Block != 0)
        {
            heap.Free(counters.Block);
            counters = default;
        }
    }

    private static int RoundUp(int slots) => (slots + Counters.Step - 1) / Counters.Step * Counters.Step;

    private static int SlotsIn(int bytes, int width) => (bytes * 2 >> width) / Counters.Step * Counters.Step;

    /// <summary>What few windows have.</summary>
    private struct Rest
    {
        public long Zeros;
        public Counters Negative;
        public int NextFree;
    }
}
