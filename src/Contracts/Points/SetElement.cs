using System.Buffers.Binary;
using System.IO.Hashing;

namespace OrleansMetrics.Contracts.Points;

/// <summary>The elements of sets, as points carry them: XXH3, 64 bits, in the place of the value.</summary>
public static class SetElement
{
    /// <summary>The hash of a text, in UTF-8.</summary>
    public static ulong Of(ReadOnlySpan<byte> text) => XxHash3.HashToUInt64(text);

    /// <summary>The hash of a number: of its eight bytes, little-endian. Zeros of both signs are one element; a number is not the text that it is written as.</summary>
    public static ulong Of(double number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(double)];
        BinaryPrimitives.WriteDoubleLittleEndian(bytes, number == 0 ? 0 : number);
        return XxHash3.HashToUInt64(bytes);
    }

    /// <summary>What stands in the place of the value: the bits of the hash, which need not be a number.</summary>
    public static double ToValue(ulong hash) => BitConverter.UInt64BitsToDouble(hash);

    /// <summary>The hash in the place of a value.</summary>
    public static ulong FromValue(double value) => BitConverter.DoubleToUInt64Bits(value);
}
