using System.Numerics;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>
/// Many small blocks of bytes in a few large arrays: a block costs no object, and the garbage collector has nothing to trace.
/// Blocks have size classes; an array holds blocks of one class, and an empty one serves another class next.
/// </summary>
internal sealed class BlockHeap
{
    private const int UnitBytes = 16;
    private const int OffsetBits = 12;
    private const int MaxPageBytes = UnitBytes << OffsetBits;

    /// <summary>Larger blocks have an array of their own.</summary>
    private const int MaxSharedBytes = 4096;

    private const int MinPageBlocks = 4;

    /// <summary>Multiples of 16 bytes up to 512, then sixteen classes per power of two.</summary>
    private const int FineClasses = 32;
    private const int ClassCount = FineClasses + 16 * 22;

    private const int FirstClasses = 8;
    private const int FirstPages = 4;

    private readonly Stack<int> _freePages = new();
    private readonly Stack<byte[]> _pool = new();

    /// <summary>Up to the largest class that a block has been of: metrics of few series are many, and have small windows.</summary>
    private SizeClass[] _classes = new SizeClass[FirstClasses];

    /// <summary>Page 0 is none, so that no handle is 0.</summary>
    private Page[] _pages = new Page[FirstPages];
    private int _pageCount = 1;

    /// <summary>Bytes of all arrays, those between two uses included.</summary>
    public long AllocatedBytes
    {
        get
        {
            var bytes = (long)_pool.Count * MaxPageBytes;
            for (var i = 1; i < _pageCount; i++)
            {
                bytes += _pages[i].Bytes?.Length ?? 0;
            }

            return bytes;
        }
    }

    /// <summary>Reserves a block of at least so many bytes, at least one; its content is undefined. The handle is never 0.</summary>
    public uint Allocate(int bytes)
    {
        var sizeClass = ClassOf(bytes);
        if (sizeClass >= _classes.Length)
        {
            Array.Resize(ref _classes, Math.Min(ClassCount, (int)BitOperations.RoundUpToPowerOf2((uint)sizeClass + 1)));
        }

        var at = _classes[sizeClass].Room;
        if (at == 0)
        {
            at = AddPage(sizeClass);
        }

        ref var page = ref _pages[at];
        int offset;
        if (page.Free != 0)
        {
            offset = page.Free - 1;
            page.Free = BitConverter.ToInt32(page.Bytes, offset * UnitBytes);
        }
        else
        {
            offset = page.Carved++ * (page.BlockBytes / UnitBytes);
        }

        _classes[sizeClass].Used++;
        if (++page.Used == page.Capacity)
        {
            Unlink(ref page, sizeClass);
        }

        return ((uint)at << OffsetBits) | (uint)offset;
    }

    /// <summary>Gives a block back.</summary>
    public void Free(uint handle)
    {
        var at = (int)(handle >> OffsetBits);
        ref var page = ref _pages[at];
        var sizeClass = ClassOf(page.BlockBytes);
        _classes[sizeClass].Used--;
        if (page.Capacity == 1)
        {
            Drop(at, sizeClass);
            return;
        }

        var offset = (int)(handle & ((1 << OffsetBits) - 1));
        BitConverter.TryWriteBytes(page.Bytes.AsSpan(offset * UnitBytes), page.Free);
        page.Free = offset + 1;
        if (page.Used-- == page.Capacity)
        {
            Link(at, sizeClass);
        }
        else if (page.Used == 0 && (page.Next != 0 || page.Previous != 0) && page.Bytes.Length == MaxPageBytes)
        {
            // The last page with room stays: what is freed here is often taken again at once.
            Unlink(ref page, sizeClass);
            Drop(at, sizeClass);
        }
    }

    /// <summary>
    /// True when much of the block's class is free and so is much of its page: a block with the same content, and this one given back,
    /// help to empty the page. Blocks that come and go would otherwise hold many pages for a few.
    /// </summary>
    public bool IsSparse(uint handle)
    {
        ref var page = ref _pages[handle >> OffsetBits];
        if (page.Used * 8 >= page.Capacity * 7)
        {
            return false;
        }

        var sizeClass = ClassOf(page.BlockBytes);
        return _classes[sizeClass].Used * 8L < _classes[sizeClass].Blocks * 7L && _classes[sizeClass].Room != (int)(handle >> OffsetBits);
    }

    /// <summary>The bytes that a block has room for.</summary>
    public int CapacityOf(uint handle) => _pages[handle >> OffsetBits].BlockBytes;

    /// <summary>The bytes of a block.</summary>
    public Span<byte> Bytes(uint handle)
    {
        ref var page = ref _pages[handle >> OffsetBits];
        return page.Bytes.AsSpan((int)(handle & ((1 << OffsetBits) - 1)) * UnitBytes, page.BlockBytes);
    }

    /// <summary>One byte of a block; checked against the page only.</summary>
    public ref byte At(uint handle, int offset) =>
        ref _pages[handle >> OffsetBits].Bytes[(int)(handle & ((1 << OffsetBits) - 1)) * UnitBytes + offset];

    private int AddPage(int sizeClass)
    {
        var blockBytes = BytesOf(sizeClass);
        var blocks = blockBytes > MaxSharedBytes ? 1 : Math.Clamp(_classes[sizeClass].Blocks, MinPageBlocks, MaxPageBytes / blockBytes);

        // Metrics of few series are many: their pages start small.
        var bytes = blockBytes <= MaxSharedBytes && blocks == MaxPageBytes / blockBytes
            ? _pool.TryPop(out var pooled) ? pooled : GC.AllocateUninitializedArray<byte>(MaxPageBytes)
            : GC.AllocateUninitializedArray<byte>(blocks * blockBytes);
        if (!_freePages.TryPop(out var at))
        {
            if (_pageCount == _pages.Length)
            {
                Array.Resize(ref _pages, _pageCount * 2);
            }

            at = _pageCount++;
            if (at >= 1 << (32 - OffsetBits))
            {
                throw new InvalidOperationException("The windows of one metric take more memory than can be addressed.");
            }
        }

        _pages[at] = new Page { Bytes = bytes, BlockBytes = blockBytes, Capacity = blocks };
        _classes[sizeClass].Blocks += blocks;
        Link(at, sizeClass);
        return at;
    }

    private void Drop(int at, int sizeClass)
    {
        ref var page = ref _pages[at];
        _classes[sizeClass].Blocks -= page.Capacity;
        if (page.Bytes.Length == MaxPageBytes && _pool.Count <= 4 + (_pageCount - _freePages.Count) / 32)
        {
            _pool.Push(page.Bytes);
        }

        page = default;
        _freePages.Push(at);
    }

    private void Link(int at, int sizeClass)
    {
        ref var page = ref _pages[at];
        page.Previous = 0;
        page.Next = _classes[sizeClass].Room;
        if (page.Next != 0)
        {
            _pages[page.Next].Previous = at;
        }

        _classes[sizeClass].Room = at;
    }

    private void Unlink(ref Page page, int sizeClass)
    {
        if (page.Previous == 0)
        {
            _classes[sizeClass].Room = page.Next;
        }
        else
        {
            _pages[page.Previous].Next = page.Next;
        }

        if (page.Next != 0)
        {
            _pages[page.Next].Previous = page.Previous;
        }

        page.Next = page.Previous = 0;
    }

    private static int ClassOf(int bytes)
    {
        var units = (bytes + UnitBytes - 1) / UnitBytes;
        if (units <= FineClasses)
        {
            return units - 1;
        }

        var log = BitOperations.Log2((uint)units - 1);
        return FineClasses + (log - 5) * 16 + (((units - 1) >> (log - 4)) & 15);
    }

    private static int BytesOf(int sizeClass)
    {
        if (sizeClass < FineClasses)
        {
            return (sizeClass + 1) * UnitBytes;
        }

        var above = sizeClass - FineClasses;
        return (((above & 15) + 17) << (above / 16 + 1)) * UnitBytes;
    }

    private struct SizeClass
    {
        /// <summary>The first page with room; 0: none has.</summary>
        public int Room;

        /// <summary>The blocks of all pages, and how many of them are in use.</summary>
        public int Blocks;
        public int Used;
    }

    private struct Page
    {
        public byte[] Bytes;
        public int BlockBytes;
        public int Capacity;
        public int Used;

        /// <summary>Blocks handed out at least once.</summary>
        public int Carved;

        /// <summary>First freed block: its offset in units plus one, and each freed block begins with that of the next.</summary>
        public int Free;

        /// <summary>Neighbours in the list of pages with room.</summary>
        public int Next;
        public int Previous;
    }
}
