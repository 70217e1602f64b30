using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.InteropServices;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>
/// Counters of buckets. What is read bucket by bucket stays a list of those counted; once something is added it is a dense run that grows in both directions, with counters as wide as the
/// largest count needs (1, 2, 4 or 8 bytes), so that a sketch of few points stays small.
/// </summary>
internal partial struct BucketCounts
{
    private const int MinCapacity = 16;

    /// <summary>Larger arrays are not kept for the next use: one window with many buckets must not cost memory for ever.</summary>
    private const int MaxKeptBytes = 4096;

    private Counted[]? _list;
    private int _listed;
    private byte[]? _counters;
    private int _width;
    private int _capacity;
    private int _base;

    /// <summary>Lowest and highest bucket ever counted; meaningless while <see cref="IsEmpty"/>.</summary>
    public int First { get; private set; }

    public int Last { get; private set; }

    public readonly bool IsEmpty => (_width | _listed) == 0;

    /// <summary>The buckets that have counted something, from the lowest on. While the counters are dense, more may be counted meanwhile.</summary>
    [UnscopedRef]
    public readonly Ascending GetEnumerator() => new(in this);

    /// <summary>The same from the highest on.</summary>
    [UnscopedRef]
    public readonly Descending Descend() => new(in this);

    public void Clear()
    {
        _listed = 0;
        if (_list?.Length > MaxKeptBytes / sizeof(long))
        {
            _list = null;
        }

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

    /// <summary>Counts in a bucket above all that have counted.</summary>
    public void Append(int index, long count)
    {
        if (_listed == 0 || count > uint.MaxValue)
        {
            Begin(index, count);
            return;
        }

        if (_listed == _list!.Length)
        {
            Array.Resize(ref _list, 2 * _listed);
        }

        _list[_listed++] = new Counted(index, (uint)count);
        Last = index;
    }

    /// <summary>Makes room for counts in the buckets from one to another, both of which will be counted in, or have been.</summary>
    public void Cover(int first, int last)
    {
        if (_width == 0)
        {
            Start(first);
        }

        Extend(Math.Min(First, first), Math.Max(Last, last));
    }

    public void Add(int index, long count)
    {
        if (_width == 0)
        {
            Start(index);
        }

        if (index < First || index > Last)
        {
            Extend(Math.Min(First, index), Math.Max(Last, index));
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
        if (IsEmpty)
        {
            return;
        }

        if (_width == 0)
        {
            Start(First);
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

    /// <summary>Begins a list, if this can be one.</summary>
    private void Begin(int index, long count)
    {
        if (_width != 0 || count > uint.MaxValue)
        {
            Add(index, count);
            return;
        }

        _list ??= new Counted[MinCapacity];
        _list[0] = new Counted(index, (uint)count);
        _listed = 1;
        First = Last = index;
    }

    /// <summary>The first bucket from this one on that has counted something; from one past <see cref="Last"/> on, this one.</summary>
    private readonly int NextCounted(int index)
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
    private readonly int PreviousCounted(int index)
    {
        if (index < First || Read(index - _base) != 0)
        {
            return index;
        }

        // The first bucket has always counted something.
        var rest = _counters.AsSpan((First - _base) * _width, (index - First + 1) * _width);
        return First + rest.LastIndexOfAnyExcept((byte)0) / _width;
    }

    /// <summary>Becomes dense, with what is listed; with nothing listed, with room for a bucket.</summary>
    private void Start(int index)
    {
        var listed = _list.AsSpan(0, _listed);
        var last = Last;
        _listed = 0;
        _width = 1;
        _counters ??= new byte[MinCapacity];
        _capacity = _counters.Length;
        _base = index - _capacity / 2;
        First = Last = index;
        if (!listed.IsEmpty)
        {
            Cover(listed[0].Bucket, last);
            foreach (var (bucket, count) in listed)
            {
                Add(bucket, count);
            }
        }
    }

    private void Extend(int first, int last)
    {
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
