using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>Reads what <see cref="BitWriter"/> wrote.</summary>
internal ref struct BitReader(ReadOnlySpan<byte> bytes, int start = 0)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private long _at = start;

    /// <summary>Everything is read but for the zeros that fill the last byte.</summary>
    public readonly bool AtEnd => (_at + 7) / 8 == _bytes.Length && Peek() == 0;

    /// <summary>How many bits are read, with those before the start.</summary>
    public readonly long Position => _at;

    /// <summary>Copies the bits from one that has been read up to here.</summary>
    public readonly void CopyFrom(long position, BitCopy into) => into.Take(_bytes, position, _at);

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

    /// <summary>Two numbers that follow each other.</summary>
    /// <exception cref="InvalidDataException">The bits are no numbers of at most 64 bits, or end within them.</exception>
    public (ulong First, ulong Second) ReadGammas()
    {
        var bits = Peek();
        var log = BitOperations.LeadingZeroCount(bits);
        if (log <= 13)
        {
            var first = bits >> (63 - 2 * log);
            var length = 2 * log + 1;
            bits <<= length;
            log = BitOperations.LeadingZeroCount(bits);
            if (log <= 14)
            {
                // 27 and 29 bits at most: no more than are there.
                Skip(length + 2 * log + 1);
                return (first, bits >> (63 - 2 * log));
            }
        }

        return (ReadGamma(), ReadGamma());
    }

    private ulong ReadLongGamma()
    {
        var log = 0;
        while (Read(1) == 0)
        {
            if (++log > 63)
            {
                throw new InvalidDataException("a number of bits is too long");
            }
        }

        var number = 1UL;
        for (; log > 0; log--)
        {
            number = (number << 1) | Read(1);
        }

        return number;
    }

    /// <summary>A number of so many bits, 0 to 64.</summary>
    /// <exception cref="InvalidDataException">The bits end before it.</exception>
    public ulong Read(int bits)
    {
        if (bits > 32)
        {
            return (ReadFew(bits - 32) << 32) | ReadFew(32);
        }

        return bits == 0 ? 0 : ReadFew(bits);
    }

    /// <summary>Passes over the zeros before the next one, but not over more than so many, at most 56, and counts them.</summary>
    /// <exception cref="InvalidDataException">The bits end within them.</exception>
    public int ReadZeros(int most)
    {
        var zeros = Math.Min(BitOperations.LeadingZeroCount(Peek()), most);
        Skip(zeros);
        return zeros;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong ReadFew(int bits)
    {
        var value = Peek() >> (64 - bits);
        Skip(bits);
        return value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Skip(int bits)
    {
        _at += bits;
        if (_at > _bytes.Length * 8L)
        {
            ThrowEnd();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly ulong Peek()
    {
        var at = (int)(_at >> 3);
        return at + 8 <= _bytes.Length ? BinaryPrimitives.ReadUInt64BigEndian(_bytes[at..]) << (int)(_at & 7) : PeekAtEnd(at);
    }

    private static void ThrowEnd() => throw new InvalidDataException("the bits end too early");

    private readonly ulong PeekAtEnd(int at)
    {
        if (_bytes.Length >= 8 && at < _bytes.Length)
        {
            return BinaryPrimitives.ReadUInt64BigEndian(_bytes[^8..]) << (int)(_at - 8L * (_bytes.Length - 8));
        }

        Span<byte> last = stackalloc byte[8];
        last.Clear();
        _bytes[at..].CopyTo(last);
        return BinaryPrimitives.ReadUInt64BigEndian(last) << (int)(_at & 7);
    }
}
