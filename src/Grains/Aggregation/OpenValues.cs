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
    private ExponentialHistogram? _sketch;
    private int _freeRest;

    /// <summary>In place of values, of a metric that is a set; null: it is none.</summary>
    public OpenElements? Elements { get; private set; }

    /// <summary>The metric is a set. It has no windows yet.</summary>
    public void KeepElements() => Elements = new OpenElements(heap);

    /// <summary>Takes one more value of a window that has points. The caller counts it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(ref OpenWindow window, double value)
    {
        if (window.Count <= MaxRaw)
        {
            AddRaw(ref window, value);
        }
        else if (!(value > 0) || !window.Values.TryIncrement(heap, BucketIndex.Of(value) >> window.Values.Shift))
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
            sketch.AppendPositive(positives.Bucket, (long)positives.Count);
        }

        var negatives = NegativesOf(window);
        while (negatives.MoveNext())
        {
            sketch.AppendNegative(negatives.Bucket, (long)negatives.Count);
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

        window.Values.CopyFrom(heap, sketch.Positive);
        window.Values.Shift = (byte)(ExponentialHistogram.MaxScale - sketch.Scale);
        if (sketch.Zeros > 0 || !sketch.Negative.IsEmpty)
        {
            ref var rest = ref TakeRest(ref window);
            rest.Zeros = sketch.Zeros;
            rest.Negative.CopyFrom(heap, sketch.Negative);
        }
    }

    /// <summary>Takes the memory of a window's values back.</summary>
    public void Release(ref OpenWindow window)
    {
        window.Values.Free(heap);
        if (window.Rest != 0)
        {
            ref var rest = ref _rests[window.Rest - 1];
            rest.Negative.Free(heap);
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
        window.Values.Free(heap);
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

        window.Values.Reserve(heap, first, last, 0);
        foreach (var value in values)
        {
            window.Values.TryIncrement(heap, BucketIndex.Of(value));
        }
    }

    /// <summary>For what does not simply count one more.</summary>
    private ExponentialHistogram Sketch => _sketch ??= new ExponentialHistogram();

    private void BeginWithAnySign(ref OpenWindow window, ReadOnlySpan<double> values)
    {
        Sketch.Clear();
        foreach (var value in values)
        {
            Sketch.Add(value);
        }

        CopyFrom(ref window, Sketch);
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
        if (value > 0 ? window.Values.TryIncrementOrExtend(heap, bucket) : TakeRest(ref window).Negative.TryIncrementOrExtend(heap, bucket))
        {
            return;
        }

        // Wider counters or a coarser scale.
        CopyTo(window, Sketch);
        Sketch.Add(value);
        Release(ref window);
        window.Values = default;
        CopyFrom(ref window, Sketch);
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

    /// <summary>What few windows have.</summary>
    private struct Rest
    {
        public long Zeros;
        public Counters Negative;
        public int NextFree;
    }
}
