using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>
/// A dense run of bucket counters that grows in both directions, with counters as wide as the largest count needs
/// (1, 2, 4 or 8 bytes), so that a sketch of few points stays small.
/// </summary>
internal struct BucketCounts
{
    private byte[]? _counters;
    private int _width;
    private int _capacity;
    private int _base;

    /// <summary>Lowest and highest bucket ever counted; meaningless while <see cref="IsEmpty"/>.</summary>
    public int First { get; private set; }

    public int Last { get; private set; }

    public readonly bool IsEmpty => _width == 0;

    public readonly long this[int index] => index < First || index > Last ? 0 : Read(index - _base);

    public void Clear()
    {
        if (_width != 0)
        {
            Array.Clear(_counters!);
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
        while (_width < 8 && sum >= 1L << (8 * _width))
        {
            Widen();
        }

        Write(slot, sum);
    }

    /// <summary>Halves the resolution: bucket i goes into i / 2, rounded down.</summary>
    public void Downscale(int shift)
    {
        if (_width == 0)
        {
            return;
        }

        var halved = default(BucketCounts);
        for (var index = First; index <= Last; index++)
        {
            if (Read(index - _base) is var count and > 0)
            {
                halved.Add(index >> shift, count);
            }
        }

        this = halved;
    }

    private void Start(int index)
    {
        _width = 1;
        _counters ??= new byte[16];
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

    private void Widen() => Rebase(First, Last, _width * 2);

    private void Rebase(int first, int last, int width)
    {
        var span = last - first + 1;
        var capacity = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, span));
        var old = this;
        _counters = new byte[capacity * width];
        _capacity = capacity;
        _width = width;
        _base = first - (capacity - span) / 2;
        for (var index = old.First; index <= old.Last; index++)
        {
            if (old.Read(index - old._base) is var count and > 0)
            {
                Write(index - _base, count);
            }
        }
    }

    private readonly long Read(int slot) => _width switch
    {
        1 => _counters![slot],
        2 => MemoryMarshal.Cast<byte, ushort>(_counters)[slot],
        4 => MemoryMarshal.Cast<byte, uint>(_counters)[slot],
        _ => BinaryPrimitives.ReadInt64LittleEndian(_counters.AsSpan(slot * 8)),
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
                BinaryPrimitives.WriteInt64LittleEndian(_counters.AsSpan(slot * 8), count);
                break;
        }
    }
}
