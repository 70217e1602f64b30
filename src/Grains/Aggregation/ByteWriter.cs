using System.Buffers.Binary;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>Writes numbers into a span that the caller has made large enough. Little-endian; varints are LEB128.</summary>
internal ref struct ByteWriter(Span<byte> destination)
{
    public const int MaxVarintLength = 10;

    private readonly Span<byte> _destination = destination;

    public int Length { get; private set; }

    public void WriteVarint(ulong value)
    {
        while (value >= 0x80)
        {
            _destination[Length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        _destination[Length++] = (byte)value;
    }

    /// <summary>A signed varint: 0, -1, 1, -2 … as 0, 1, 2, 3 …</summary>
    public void WriteZigzag(long value) => WriteVarint((ulong)(value << 1) ^ (ulong)(value >> 63));

    public void WriteByte(byte value) => _destination[Length++] = value;

    public void WriteUInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_destination[Length..], value);
        Length += 4;
    }

    public void WriteInt64(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_destination[Length..], value);
        Length += 8;
    }

    public void WriteDouble(double value)
    {
        BinaryPrimitives.WriteDoubleLittleEndian(_destination[Length..], value);
        Length += 8;
    }

    public void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_destination[Length..]);
        Length += bytes.Length;
    }
}
