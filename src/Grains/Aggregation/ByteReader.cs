using System.Buffers.Binary;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>Reads what <see cref="ByteWriter"/> wrote. Bytes that end too early or are no number throw <see cref="InvalidDataException"/>.</summary>
internal ref struct ByteReader(ReadOnlySpan<byte> source)
{
    private ReadOnlySpan<byte> _rest = source;

    public readonly int Remaining => _rest.Length;

    public ulong ReadVarint(string what)
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var b = ReadByte(what);
            if (shift == 63 && b > 1)
            {
                break;
            }

            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
            {
                return value;
            }
        }

        throw new InvalidDataException($"{what} is no 64-bit number");
    }

    /// <summary>A varint of at most <paramref name="max"/>.</summary>
    public int ReadCount(string what, long max)
    {
        var value = ReadVarint(what);
        return value <= (ulong)Math.Min(max, int.MaxValue) ? (int)value : throw new InvalidDataException($"{what} is {value}, more than {max}");
    }

    /// <summary>A varint that fits a positive <see cref="long"/>.</summary>
    public long ReadPositive(string what)
    {
        var value = ReadVarint(what);
        return value <= long.MaxValue ? (long)value : throw new InvalidDataException($"{what} is {value}, out of range");
    }

    public long ReadZigzag(string what)
    {
        var value = ReadVarint(what);
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    public byte ReadByte(string what) => ReadBytes(1, what)[0];

    public uint ReadUInt32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(ReadBytes(4, what));

    public long ReadInt64(string what) => BinaryPrimitives.ReadInt64LittleEndian(ReadBytes(8, what));

    public double ReadDouble(string what) => BinaryPrimitives.ReadDoubleLittleEndian(ReadBytes(8, what));

    public ReadOnlySpan<byte> ReadBytes(int length, string what)
    {
        if ((uint)length > (uint)_rest.Length)
        {
            throw new InvalidDataException($"the bytes end inside {what}");
        }

        var bytes = _rest[..length];
        _rest = _rest[length..];
        return bytes;
    }
}
