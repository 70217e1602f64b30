using System.Numerics;
using System.Runtime.InteropServices;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>
/// Many small blocks of 8-byte words in a few large arrays, so that the garbage collector has nothing to trace and a block costs
/// no header. Blocks have size classes with a free list each: exact up to 16 words, then four classes per power of two.
/// </summary>
internal sealed class BlockHeap
{
    private const int OffsetBits = 16;
    private const int MaxChunkWords = 1 << OffsetBits;
    private const int FirstChunkWords = 64;
    private const int ExactClasses = 16;
    private const int ClassCount = ExactClasses + 1 + (4 * 27);

    private readonly uint[] _free = new uint[ClassCount];
    private ulong[][] _chunks = [];
    private int _chunkCount;
    private int _used;

    /// <summary>Words that hold a number of bytes.</summary>
    public static int WordsFor(int bytes) => (bytes + 7) >> 3;

    /// <summary>Reserves a block; its content is undefined. The handle is never 0.</summary>
    public uint Allocate(int words)
    {
        var sizeClass = ClassOf(words);
        var handle = _free[sizeClass];
        if (handle != 0)
        {
            _free[sizeClass] = (uint)At(handle)[0];
            return handle;
        }

        var size = SizeOf(sizeClass);
        if (_chunkCount == 0 || _used + size > _chunks[_chunkCount - 1].Length)
        {
            AddChunk(size);
        }

        handle = ((uint)(_chunkCount - 1) << OffsetBits) | (uint)_used;
        _used += size;
        return handle;
    }

    /// <summary>Gives a block back.</summary>
    /// <param name="handle">The block.</param>
    /// <param name="words">The size it was allocated with.</param>
    public void Free(uint handle, int words)
    {
        var sizeClass = ClassOf(words);
        At(handle)[0] = _free[sizeClass];
        _free[sizeClass] = handle;
    }

    /// <summary>The block and what follows it.</summary>
    public Span<ulong> At(uint handle) => _chunks[handle >> OffsetBits].AsSpan((int)(handle & (MaxChunkWords - 1)));

    /// <summary>The bytes of a block.</summary>
    public Span<byte> Bytes(uint handle, int length) => MemoryMarshal.AsBytes(At(handle)[..WordsFor(length)])[..length];

    private void AddChunk(int size)
    {
        if (_chunkCount > 0)
        {
            FreeTail();
        }

        if (_chunkCount == _chunks.Length)
        {
            if (_chunkCount == MaxChunkWords)
            {
                throw new InvalidOperationException("The windows of one metric take more than 32 GB.");
            }

            Array.Resize(ref _chunks, Math.Max(4, _chunkCount * 2));
        }

        var words = _chunkCount == 0 ? FirstChunkWords : Math.Min(_chunks[_chunkCount - 1].Length * 2L, MaxChunkWords);
        // Handle 0 stands for no block.
        _used = _chunkCount == 0 ? 1 : 0;
        _chunks[_chunkCount++] = GC.AllocateUninitializedArray<ulong>((int)Math.Max(words, size + _used));
    }

    private void FreeTail()
    {
        var chunk = _chunkCount - 1;
        while (_used < _chunks[chunk].Length && _used < MaxChunkWords)
        {
            var left = _chunks[chunk].Length - _used;
            var sizeClass = ClassOf(left);
            var size = SizeOf(sizeClass) <= left ? SizeOf(sizeClass) : SizeOf(sizeClass - 1);
            Free(((uint)chunk << OffsetBits) | (uint)_used, size);
            _used += size;
        }
    }

    private static int ClassOf(int words)
    {
        if (words <= ExactClasses)
        {
            return Math.Max(words, 1);
        }

        // 17..20 is the first class above the exact ones, then ..24, ..28, ..32, ..40 and so on.
        var log = BitOperations.Log2((uint)words - 1);
        var quarter = ((words - 1) >> (log - 2)) & 3;
        return ExactClasses + 1 + ((log - 4) * 4) + quarter;
    }

    private static int SizeOf(int sizeClass)
    {
        if (sizeClass <= ExactClasses)
        {
            return sizeClass;
        }

        var above = sizeClass - ExactClasses - 1;
        var log = (above >> 2) + 4;
        return (1 << log) + (((above & 3) + 1) << (log - 2));
    }
}
