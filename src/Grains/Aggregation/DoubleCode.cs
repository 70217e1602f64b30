using System.Buffers.Binary;
using System.Numerics;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>
/// Values in as few whole bytes as a look at their bits allows: without zero bytes at the end, which integers and halves have, or
/// without the bytes at the front that they share with another value. Four bits say how; a value has one form.
/// </summary>
internal static class DoubleCode
{
    private const int Same = 15;
    private const int SharesTwo = 14;
    private const int SharesOne = 13;

    /// <summary>The code of a value beside another one: 0 to 8: its first bytes; 13 and 14: its last 7 and 6 bytes; 15: the other value.</summary>
    public static int Of(double value, double other)
    {
        ulong bits = BitConverter.DoubleToUInt64Bits(value), difference = bits ^ BitConverter.DoubleToUInt64Bits(other);
        if (difference == 0)
        {
            return Same;
        }

        var length = FirstBytes(value);
        if (length <= 6)
        {
            return length;
        }

        var shared = BitOperations.LeadingZeroCount(difference) / 8;
        return shared >= 2 ? SharesTwo : length == 7 ? 7 : shared == 1 ? SharesOne : 8;
    }

    /// <summary>The number of bytes without the zero bytes at the end.</summary>
    public static int FirstBytes(double value) => 8 - BitOperations.TrailingZeroCount(BitConverter.DoubleToUInt64Bits(value)) / 8;

    /// <summary>Writes a value and returns the number of bytes. The span has 8 bytes at least.</summary>
    public static int Write(Span<byte> span, double value, int code)
    {
        var bits = BitConverter.DoubleToUInt64Bits(value);
        BinaryPrimitives.WriteUInt64BigEndian(span, code > 8 ? bits << (8 * (code - SharesOne + 1)) : bits);
        return LengthOf(code);
    }

    /// <exception cref="InvalidDataException">The bytes end before the value, or it has another form.</exception>
    public static double Read(ref SnapshotReader input, int code, double other)
    {
        if (code is > 8 and < SharesOne)
        {
            throw new InvalidDataException($"a value has the code {code}");
        }

        if (code == Same)
        {
            return other;
        }

        var shared = code > 8 ? code - SharesOne + 1 : 0;
        var bits = ReadBytes(ref input, LengthOf(code));
        var value = BitConverter.UInt64BitsToDouble(shared > 0
            ? (BitConverter.DoubleToUInt64Bits(other) & ~(ulong.MaxValue >> (8 * shared))) | (bits >> (8 * shared))
            : bits);
        return Of(value, other) == code ? value : throw new InvalidDataException("a value is not in its shortest form");
    }

    /// <summary>Reads a value that is written as its first bytes, without a code.</summary>
    /// <exception cref="InvalidDataException">The bytes end before the value, or could be fewer.</exception>
    public static double ReadFirst(ref SnapshotReader input, int length)
    {
        var value = BitConverter.UInt64BitsToDouble(ReadBytes(ref input, length));
        return FirstBytes(value) == length ? value : throw new InvalidDataException("a value is not in its shortest form");
    }

    /// <summary>Bytes at the front of a number.</summary>
    private static ulong ReadBytes(ref SnapshotReader input, int length)
    {
        var bits = 0UL;
        foreach (var next in input.ReadBytes(length))
        {
            bits = (bits << 8) | next;
        }

        return length == 0 ? 0 : bits << (8 * (8 - length));
    }

    private static int LengthOf(int code) => code switch { Same => 0, SharesTwo => 6, SharesOne => 7, _ => code };
}
