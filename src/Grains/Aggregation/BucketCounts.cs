using System.Numerics;
using System.Runtime.InteropServices;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>
/// A dense run of bucket counters that grows in both directions, with counters as wide as the largest count needs
/// (1, 2, 4 or 8 bytes), so that a sketch of few points stays small.
/// </summary>
internal struct BucketCounts
{
    private const int MinCapacity = 16;

    /// <summary>Larger arrays are not kept for the next use: one window with many buckets must not cost memory for ever.</summary>
    private const int MaxKeptBytes = 4096;

    private byte[]? _counters;
    private int _width;
    private int _capacity;
    private int _base;

    /// <summary>Lowest and highest bucket ever counted; meaningless while <see cref="IsEmpty"/>.</summary>
    public int First { get; private set; }

    public int Last { get; private set; }

    public readonly bool IsEmpty => _width == 0;

    public readonly long this[int index] => index < First || index > Last ? 0 : Read(index - _base);

    /// <summary>The first bucket from this one on that has counted something; from one past <see cref="Last"/> on, this one.</summary>
    public readonly int NextCounted(int index)
    {
        if (index > Last || Read(index - _base) != 0)
        {
            return index;
        }

        // Zero counters are zero bytes, whatever the width.
        var rest = _counters.AsSpan((index - _base) * _width, (Last - index + 1) * _width);
        return index + rest.IndexOfAnyExcept((byte)0) / _width;
    }

    /// <summary>The last bucket up to this one that has counted something; from one before <see cref="First"/> on, this one.</summary>
    public readonly int PreviousCounted(int index)
    {
        if (index < First || Read(index - _base) != 0)
        {
            return index;
        }

        // The first bucket has always counted something, or nothing before this one has.
        var rest = _counters.AsSpan((First - _base) * _width, (index - First + 1) * _width);
        var last = rest.LastIndexOfAnyExcept((byte)0);
        return last < 0 ? First - 1 : First + last / _width;
    }

    public void Clear()
    {
        if (_width != 0)
        {
            if (_counters!.Length <= MaxKeptBytes)
            {
                Array.Clear(_counters);
            }
            else
            {
                _counters = null;
            }

            _width = 0;
        }
    }

    public void Add(int index, long count)
    {
        if (_width == 0)
        {
            Start(index);
        }
        else if (index < First || index > Last)
        {
            Extend(index);
        }

        var slot = index - _base;
        if (_width == 1)
        {
            // Nearly every addition: one point into a narrow counter.
            ref var narrow = ref _counters![slot];
            if (count <= byte.MaxValue - narrow)
            {
                narrow += (byte)count;
                return;
            }
        }

        var sum = checked(Read(slot) + count);
        WidenFor(sum);

        // Widening moves the counters.
        Write(index - _base, sum);
    }

    /// <summary>Divides the resolution by 2^shift, in place: bucket i goes into i / 2^shift, rounded down.</summary>
    public void Downscale(int shift)
    {
        if (_width == 0)
        {
            return;
        }

        WidenFor(GreatestCoarser(shift));
        int slot = First - _base, first = First >> shift;
        var to = slot;
        for (var index = First; index <= Last; index++, slot++)
        {
            var count = Read(slot);
            if (count == 0)
            {
                continue;
            }

            // Never ahead of the slot that is read.
            Write(slot, 0);
            var target = to + (index >> shift) - first;
            Write(target, Read(target) + count);
        }

        _base = first - to;
        Last >>= shift;
        First = first;
    }

    private readonly long GreatestCoarser(int shift)
    {
        long greatest = 0, sum = 0;
        var coarser = First >> shift;
        for (var index = First; index <= Last; index++)
        {
            if (index >> shift != coarser)
            {
                coarser = index >> shift;
                sum = 0;
            }

            sum = checked(sum + Read(index - _base));
            greatest = Math.Max(greatest, sum);
        }

        return greatest;
    }

    private void Start(int index)
    {
        _width = 1;
        _counters ??= new byte[MinCapacity];
        _capacity = _counters.Length;
        _base = index - _capacity / 2;
        First = Last = index;
    }

    private void Extend(int index)
    {
        var first = Math.Min(First, index);
        var last = Math.Max(Last, index);
        if (first < _base || last >= _base + _capacity)
        {
            Rebase(first, last, _width);
        }

        First = first;
        Last = last;
    }

    private void WidenFor(long count)
    {
        var width = _width;
        while (width < 8 && count >= 1L << (8 * width))
        {
            width *= 2;
        }

        if (width != _width)
        {
            Rebase(First, Last, width);
        }
    }

    private void Rebase(int first, int last, int width)
    {
        int span = last - first + 1, used = (Last - First + 1) * _width;
        Span<byte> old = stackalloc byte[used];
        _counters.AsSpan((First - _base) * _width, used).CopyTo(old);
        var oldWidth = _width;
        if (span * width > _counters!.Length)
        {
            _counters = new byte[(int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(MinCapacity, span)) * width];
        }
        else
        {
            Array.Clear(_counters);
        }

        _width = width;
        _capacity = _counters.Length / width;
        _base = first - (_capacity - span) / 2;
        for (var i = 0; i < used / oldWidth; i++)
        {
            Write(First + i - _base, Read(old, i, oldWidth));
        }
    }

    private readonly long Read(int slot) => Read(_counters, slot, _width);

    private static long Read(ReadOnlySpan<byte> counters, int slot, int width) => width switch
    {
        1 => counters[slot],
        2 => MemoryMarshal.Cast<byte, ushort>(counters)[slot],
        4 => MemoryMarshal.Cast<byte, uint>(counters)[slot],
        _ => MemoryMarshal.Cast<byte, long>(counters)[slot],
    };

    private readonly void Write(int slot, long count)
    {
        switch (_width)
        {
            case 1:
                _counters![slot] = (byte)count;
                break;
            case 2:
                MemoryMarshal.Cast<byte, ushort>(_counters.AsSpan())[slot] = (ushort)count;
                break;
            case 4:
                MemoryMarshal.Cast<byte, uint>(_counters.AsSpan())[slot] = (uint)count;
                break;
            default:
                MemoryMarshal.Cast<byte, long>(_counters.AsSpan())[slot] = count;
                break;
        }
    }
}
