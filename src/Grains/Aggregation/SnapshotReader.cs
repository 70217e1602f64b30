using System.Buffers.Binary;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>Reads the primitives of the snapshot format; everything that does not fit is an <see cref="InvalidDataException"/>.</summary>
internal ref struct SnapshotReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public readonly bool AtEnd => _rest.IsEmpty;

    public readonly int Remaining => _rest.Length;

    public ulong ReadVarint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (_rest.IsEmpty)
            {
                break;
            }

            var b = _rest[0];
            _rest = _rest[1..];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
            {
                return value;
            }
        }

        throw new InvalidDataException("a number does not end");
    }

    /// <summary>A number that is not negative.</summary>
    public long ReadCount()
    {
        var value = ReadVarint();
        return value <= long.MaxValue ? (long)value : throw new InvalidDataException("a count is negative");
    }

    public long ReadZigzag()
    {
        var value = ReadVarint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    public double ReadDouble() => BinaryPrimitives.ReadDoubleLittleEndian(ReadBytes(8));

    public double ReadFinite()
    {
        var value = ReadDouble();
        return double.IsFinite(value) ? value : throw new InvalidDataException("a value is not finite");
    }

    public ulong ReadUInt64() => BinaryPrimitives.ReadUInt64LittleEndian(ReadBytes(8));

    public ReadOnlySpan<byte> ReadBytes(long length)
    {
        if (length > _rest.Length)
        {
            throw new InvalidDataException("the snapshot ends too early");
        }

        var bytes = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return bytes;
    }
}
