using System.Buffers.Binary;
using System.Numerics;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>Reads what <see cref="BitWriter"/> wrote.</summary>
internal ref struct BitReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private long _at;

    /// <summary>Everything is read but for the zeros that fill the last byte.</summary>
    public readonly bool AtEnd => (_at + 7) / 8 == _bytes.Length && Peek() == 0;

    /// <exception cref="InvalidDataException">The bits are no number of at most 64 bits, or end within it.</exception>
    public ulong ReadGamma()
    {
        var bits = Peek();
        var log = BitOperations.LeadingZeroCount(bits);
        if (log > 28)
        {
            return ReadLongGamma();
        }

        // 57 bits at least are there, or zeros past the end.
        Skip(2 * log + 1);
        return bits >> (63 - 2 * log);
    }

    private ulong ReadLongGamma()
    {
        var log = 0;
        while (Read(1) == 0)
        {
            if (++log > 63)
            {
                throw new InvalidDataException("a number of a sketch is too long");
            }
        }

        var number = 1UL;
        for (; log > 0; log--)
        {
            number = (number << 1) | Read(1);
        }

        return number;
    }

    private ulong Read(int bits)
    {
        var value = Peek() >> (64 - bits);
        Skip(bits);
        return value;
    }

    private void Skip(int bits)
    {
        _at += bits;
        if (_at > _bytes.Length * 8L)
        {
            throw new InvalidDataException("a sketch ends too early");
        }
    }

    private readonly ulong Peek()
    {
        var at = (int)(_at >> 3);
        if (at + 8 <= _bytes.Length)
        {
            return BinaryPrimitives.ReadUInt64BigEndian(_bytes[at..]) << (int)(_at & 7);
        }

        Span<byte> last = stackalloc byte[8];
        last.Clear();
        _bytes[at..].CopyTo(last);
        return BinaryPrimitives.ReadUInt64BigEndian(last) << (int)(_at & 7);
    }
}
