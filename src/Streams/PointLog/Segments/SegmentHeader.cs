using System.Buffers.Binary;
using System.IO.Hashing;

namespace OrleansMetrics.Streams.PointLog.Segments;

/// <summary>The first bytes of a segment.</summary>
/// <param name="Number">Of the segment.</param>
/// <param name="Partitions">Of the log.</param>
/// <param name="Secret">Of the log.</param>
/// <remarks>Format: docs/formats/point-log.md.</remarks>
internal readonly record struct SegmentHeader(long Number, int Partitions, ulong Secret)
{
    /// <summary>Bytes of a header.</summary>
    public const int Length = 40;

    private const uint Magic = 0x474C4D4F;
    private const uint Version = 1;

    /// <summary>The seed of a segment's checksums.</summary>
    public static long SeedOf(ulong secret, long number) => unchecked((long)(secret ^ ((ulong)number * 0x9E3779B97F4A7C15)));

    /// <summary>Reads a header; null when these bytes are none.</summary>
    public static SegmentHeader? Read(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= Length
        && BinaryPrimitives.ReadUInt32LittleEndian(bytes) == Magic
        && BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]) == Version
        && BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..]) == XxHash3.HashToUInt64(bytes[..32])
            ? new SegmentHeader(
                BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]),
                BinaryPrimitives.ReadInt32LittleEndian(bytes[16..]),
                BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]))
            : null;

    /// <summary>Writes the header.</summary>
    public void Write(Span<byte> bytes)
    {
        bytes[..Length].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[4..], Version);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[8..], Number);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[16..], Partitions);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[24..], Secret);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[32..], XxHash3.HashToUInt64(bytes[..32]));
    }
}
