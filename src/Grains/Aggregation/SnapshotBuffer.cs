using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>Gathers the small pieces of a snapshot, so that the checksum and the output see large ones.</summary>
internal sealed class SnapshotBuffer(IBufferWriter<byte> output)
{
    private const int MinSpan = 64 * 1024;

    private readonly Crc32 _crc = new();
    private Memory<byte> _memory;
    private int _used;
    private int _flushed;

    public void Header(uint magic)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(Reserve(4), magic);
        _used += 4;
    }

    public void Varint(ulong value)
    {
        // Not in one statement: `_used +=` reads it first, and making room may flush and start it afresh.
        var written = SnapshotWriter.Encode(Reserve(SnapshotWriter.MaxVarintBytes), value);
        _used += written;
    }

    public void Zigzag(long value) => Varint((ulong)((value << 1) ^ (value >> 63)));

    public void UInt64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(Reserve(8), value);
        _used += 8;
    }

    public void Double(double value)
    {
        BinaryPrimitives.WriteDoubleLittleEndian(Reserve(8), value);
        _used += 8;
    }

    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Reserve(bytes.Length));
        _used += bytes.Length;
    }

    /// <summary>A packed window, behind its head.</summary>
    public void Window(long end, int size, long start, int ownSize, ReadOnlySpan<byte> body)
    {
        var head = PackedReader.WriteHead(Reserve(2 * SnapshotWriter.MaxVarintBytes), end, size, start, ownSize);
        _used += head;
        Varint((ulong)body.Length);
        Bytes(body);
    }

    /// <summary>Writes the checksum and returns the length of the whole.</summary>
    public int Finish()
    {
        Flush();
        BinaryPrimitives.WriteUInt32LittleEndian(output.GetSpan(4), _crc.GetCurrentHashAsUInt32());
        output.Advance(4);
        return _flushed + 4;
    }

    private Span<byte> Reserve(int bytes)
    {
        if (_memory.Length - _used < bytes)
        {
            Flush();
            _memory = output.GetMemory(Math.Max(bytes, MinSpan));
        }

        return _memory.Span[_used..];
    }

    private void Flush()
    {
        _crc.Append(_memory.Span[.._used]);
        output.Advance(_used);
        _flushed = checked(_flushed + _used);
        _used = 0;
        _memory = default;
    }
}
