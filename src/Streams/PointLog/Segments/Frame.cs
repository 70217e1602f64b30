using System.Buffers.Binary;
using System.IO.Hashing;

namespace OrleansMetrics.Streams.PointLog.Segments;

/// <summary>
/// The header of a frame. Its checksum is seeded with the segment's secret number, so that neither what another file left on the disk nor bytes that a
/// sender had in a payload are ever taken for a frame.
/// </summary>
/// <param name="Kind">What the body is.</param>
/// <param name="Flags">More about it.</param>
/// <param name="Partition">Of the log; 0 for <see cref="FrameKind.Heads"/>.</param>
/// <param name="InCommit">Bytes of the commit before this frame.</param>
/// <param name="BodyLength">Bytes after the header.</param>
/// <param name="Position">Of the record.</param>
/// <param name="IngestedAt">Of the record.</param>
/// <param name="PointsThrough">Of the record.</param>
/// <param name="BodyHash">XXH3 of the body.</param>
/// <remarks>Format: docs/formats/point-log.md.</remarks>
internal readonly record struct Frame(
    FrameKind Kind,
    FrameFlags Flags,
    int Partition,
    uint InCommit,
    int BodyLength,
    long Position,
    long IngestedAt,
    long PointsThrough,
    ulong BodyHash)
{
    /// <summary>Bytes of a header.</summary>
    public const int HeaderLength = 48;

    /// <summary>Frames begin at multiples of this.</summary>
    public const int Alignment = 8;

    /// <summary>Bytes from this frame to the next.</summary>
    public long Length => LengthOf(BodyLength);

    /// <summary>Whether it is the last of its commit.</summary>
    public bool EndsCommit => (Flags & FrameFlags.EndsCommit) != 0;

    /// <summary>Bytes of a frame with a body of this length, padded.</summary>
    public static long LengthOf(int bodyLength) => Pad(HeaderLength + (long)bodyLength);

    /// <summary>The next multiple of <see cref="Alignment"/>.</summary>
    public static long Pad(long length) => (length + (Alignment - 1)) & ~(long)(Alignment - 1);

    /// <summary>Writes the header with its checksum.</summary>
    public void Write(Span<byte> bytes, long seed)
    {
        BinaryPrimitives.WriteInt32LittleEndian(bytes[4..], BodyLength);
        bytes[8] = (byte)Kind;
        bytes[9] = (byte)Flags;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[10..], (ushort)Partition);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[12..], InCommit);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[16..], Position);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[24..], IngestedAt);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[32..], PointsThrough);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[40..], BodyHash);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, HashOf(bytes, seed));
    }

    /// <summary>Reads a header; false when these bytes are none of this segment.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, long seed, out Frame frame)
    {
        frame = default;
        if (bytes.Length < HeaderLength || bytes[8] is < (byte)FrameKind.Heads or > (byte)FrameKind.Trim)
        {
            return false;
        }

        var bodyLength = BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]);
        if (bodyLength < 0 || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != HashOf(bytes, seed))
        {
            return false;
        }

        frame = new Frame(
            (FrameKind)bytes[8],
            (FrameFlags)bytes[9],
            BinaryPrimitives.ReadUInt16LittleEndian(bytes[10..]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]),
            bodyLength,
            BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[32..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[40..]));
        return true;
    }

    /// <summary>Whether these bytes are the frame's body.</summary>
    public bool IsBody(ReadOnlySpan<byte> body) => body.Length == BodyLength && XxHash3.HashToUInt64(body) == BodyHash;

    private static uint HashOf(ReadOnlySpan<byte> header, long seed) => (uint)XxHash3.HashToUInt64(header[4..HeaderLength], seed);
}
