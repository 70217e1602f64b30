using System.Buffers.Binary;
using System.IO.Hashing;

namespace OrleansMetrics.Streams.PointLog;

/// <summary>
/// The payload of a record before which positions are left out on purpose. A log that was not closed properly cannot be sure that it
/// still has its newest records; if it gave their positions out again, aggregators that have the old ones would skip the new ones. So it
/// goes on <see cref="Distance"/> positions later, which is beyond anything it can have given out, and this record says where it had ended.
/// </summary>
/// <remarks>Format: docs/formats/batch.md, "Gap".</remarks>
public static class LogGap
{
    /// <summary>Positions between the last record before a gap and the record that marks it.</summary>
    public const long Distance = 1L << 32;

    private const uint Magic = 0x47_4D_4F;
    private const uint Version = 1;
    private const int Length = 16;

    /// <summary>The payload of a gap.</summary>
    /// <param name="lastBefore">Position of the last record before it; 0 when there is none.</param>
    public static byte[] Create(long lastBefore)
    {
        var bytes = new byte[Length];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Magic | (Version << 24));
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8), lastBefore);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), Crc32.HashToUInt32(bytes.AsSpan(8)));
        return bytes;
    }

    /// <summary>True for the payload of a gap.</summary>
    public static bool TryParse(ReadOnlySpan<byte> payload, out long lastBefore)
    {
        lastBefore = 0;
        if (payload.Length != Length
            || BinaryPrimitives.ReadUInt32LittleEndian(payload) != (Magic | (Version << 24))
            || BinaryPrimitives.ReadUInt32LittleEndian(payload[4..]) != Crc32.HashToUInt32(payload[8..]))
        {
            return false;
        }

        lastBefore = BinaryPrimitives.ReadInt64LittleEndian(payload[8..]);
        return true;
    }
}
