using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>
/// The counters of a contiguous range of buckets, in a ring: bucket i is at slot i modulo the capacity, so the range grows at both
/// ends without moving. Counters are as wide as the greatest of them needs. A mutable struct: keep it in a field.
/// </summary>
internal struct BucketCounters
{
    private const int MinCapacity = 32;

    private byte[]? _bytes;
    private int _mask;
    private int _widthShift;

    /// <summary>First bucket of the range; meaningless while <see cref="Span"/> is 0.</summary>
    public int Low { get; private set; }

    /// <summary>Buckets in the range; both ends are in use.</summary>
    public int Span { get; private set; }

    public readonly int High => Low + Span - 1;

    public readonly int AllocatedBytes => _bytes?.Length ?? 0;

    /// <summary>Counts one in a bucket of the range; false when it is outside or its counter needs more width.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool TryIncrement(int index)
    {
        if ((uint)(index - Low) >= (uint)Span || _widthShift != 0)
        {
            return false;
        }

        ref var counter = ref _bytes![index & _mask];
        if (counter == byte.MaxValue)
        {
            return false;
        }

        counter++;
        return true;
    }

    /// <summary>Reads near a counter, without meaning, to have it in the cache.</summary>
    public readonly int Touch(int index) => _bytes is { } bytes ? bytes[(index & _mask) << _widthShift] : 0;

    public readonly ulong this[int index]
    {
        get
        {
            var slot = index & _mask;
            return _widthShift switch
            {
                0 => _bytes![slot],
                1 => MemoryMarshal.Cast<byte, ushort>(_bytes.AsSpan())[slot],
                2 => MemoryMarshal.Cast<byte, uint>(_bytes.AsSpan())[slot],
                _ => MemoryMarshal.Cast<byte, ulong>(_bytes.AsSpan())[slot],
            };
        }
    }

    /// <summary>Buckets of the range that are not empty.</summary>
    public readonly int CountUsed()
    {
        if (_widthShift == 0)
        {
            // Slots outside the range are zero.
            return Span == 0 ? 0 : _bytes!.Length - _bytes.AsSpan().Count((byte)0);
        }

        var used = 0;
        for (var i = Low; i <= High; i++)
        {
            used += this[i] == 0 ? 0 : 1;
        }

        return used;
    }

    /// <summary>Adds to a bucket, whose range the caller keeps within the histogram's limit.</summary>
    public void Add(int index, ulong count)
    {
        Extend(index, index);
        var sum = this[index] + count;
        if (sum > MaxCount(_widthShift))
        {
            Rebuild(Low, High, 0, sum);
        }

        Set(index, sum);
    }

    /// <summary>Makes room for a range; the caller puts counts into its ends.</summary>
    public void Extend(int low, int high)
    {
        if (Span > 0)
        {
            low = Math.Min(low, Low);
            high = Math.Max(high, High);
        }

        if (_bytes is null || high - low > _mask)
        {
            Rebuild(low, high, 0, 0);
        }

        Low = low;
        Span = high - low + 1;
    }

    /// <summary>Halves the resolution a number of times.</summary>
    public void Downscale(int by)
    {
        if (by > 0 && Span > 0)
        {
            Rebuild(Low >> by, High >> by, by, 0);
        }
    }

    /// <summary>Forgets the counts, keeps the memory.</summary>
    public void Clear()
    {
        ClearSlots();
        Span = 0;
        Low = 0;
        _widthShift = 0;
        _mask = AllocatedBytes - 1;
    }

    private void Rebuild(int low, int high, int downscale, ulong greatest)
    {
        var old = ArrayPool<ulong>.Shared.Rent(Math.Max(high - low + 1, 1));
        var counts = old.AsSpan(0, high - low + 1);
        counts.Clear();
        for (var i = 0; i < Span; i++)
        {
            ref var count = ref counts[((Low + i) >> downscale) - low];
            count += this[Low + i];
            greatest = Math.Max(greatest, count);
        }

        ClearSlots();
        while (greatest > MaxCount(_widthShift))
        {
            _widthShift++;
        }

        var capacity = Math.Max(MinCapacity, (int)BitOperations.RoundUpToPowerOf2((uint)counts.Length));
        if (AllocatedBytes < capacity << _widthShift)
        {
            _bytes = new byte[capacity << _widthShift];
        }

        _mask = (AllocatedBytes >> _widthShift) - 1;
        Low = low;
        Span = counts.Length;
        for (var i = 0; i < counts.Length; i++)
        {
            Set(low + i, counts[i]);
        }

        ArrayPool<ulong>.Shared.Return(old);
    }

    private readonly void Set(int index, ulong count)
    {
        var slot = index & _mask;
        switch (_widthShift)
        {
            case 0:
                _bytes![slot] = (byte)count;
                break;
            case 1:
                MemoryMarshal.Cast<byte, ushort>(_bytes.AsSpan())[slot] = (ushort)count;
                break;
            case 2:
                MemoryMarshal.Cast<byte, uint>(_bytes.AsSpan())[slot] = (uint)count;
                break;
            default:
                MemoryMarshal.Cast<byte, ulong>(_bytes.AsSpan())[slot] = count;
                break;
        }
    }

    private readonly void ClearSlots()
    {
        if (Span == 0)
        {
            return;
        }

        var first = Low & _mask;
        var upToEnd = Math.Min(Span, _mask + 1 - first);
        _bytes.AsSpan(first << _widthShift, upToEnd << _widthShift).Clear();
        _bytes.AsSpan(0, (Span - upToEnd) << _widthShift).Clear();
    }

    private static ulong MaxCount(int widthShift) => ulong.MaxValue >> (64 - (8 << widthShift));
}
