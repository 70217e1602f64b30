using System.Buffers;
using System.Buffers.Binary;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>The primitives of the snapshot format: LEB128 varints, zigzag, little-endian doubles.</summary>
internal static class SnapshotWriter
{
    public const int MaxVarintBytes = 10;

    public static void WriteVarint(IBufferWriter<byte> output, ulong value) => output.Advance(Encode(output.GetSpan(MaxVarintBytes), value));

    /// <summary>Encodes a varint and returns its length.</summary>
    public static int Encode(Span<byte> span, ulong value)
    {
        var written = 0;
        while (value >= 0x80)
        {
            span[written++] = (byte)(value | 0x80);
            value >>= 7;
        }

        span[written++] = (byte)value;
        return written;
    }

    public static void WriteZigzag(IBufferWriter<byte> output, long value) => WriteVarint(output, (ulong)((value << 1) ^ (value >> 63)));

    public static void WriteDouble(IBufferWriter<byte> output, double value)
    {
        BinaryPrimitives.WriteDoubleLittleEndian(output.GetSpan(8), value);
        output.Advance(8);
    }
}
