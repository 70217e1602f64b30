using System.Buffers.Binary;
using System.IO.Hashing;
using System.Security.Cryptography;

namespace OrleansMetrics.Streams.PointLog.Segments;

/// <summary>What the log as a whole is: written when it is opened and closed.</summary>
/// <param name="Status">How it was left.</param>
/// <param name="Gaps">How often a <see cref="LogGap"/> was appended to every partition.</param>
/// <param name="Secret">What the segments' checksums are seeded with.</param>
/// <param name="Heads">Where every partition stood.</param>
/// <remarks>Format: docs/formats/point-log.md.</remarks>
internal sealed record LogState(LogStatus Status, long Gaps, ulong Secret, PartitionHead[] Heads)
{
    private const uint Magic = 0x534C4D4F;
    private const uint Version = 1;
    private const int FixedLength = 40;

    /// <summary>The state of a log that is new.</summary>
    public static LogState Create(int partitions) =>
        new(LogStatus.Closed, 0, BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(8)), new PartitionHead[partitions]);

    /// <summary>Reads the file; null when it is not there or damaged.</summary>
    /// <exception cref="InvalidOperationException">It is of another version.</exception>
    public static LogState? Read(string path)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (IOException exception) when (exception is FileNotFoundException || SegmentErrors.IsDamage(exception))
        {
            return null;
        }

        if (bytes.Length < FixedLength || BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(bytes.Length - 8)) != XxHash3.HashToUInt64(bytes.AsSpan(0, bytes.Length - 8))
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic)
        {
            return null;
        }

        var version = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(4));
        if (version != Version)
        {
            throw new InvalidOperationException(
                $"The point log '{Path.GetDirectoryName(path)}' is of version {version}; this version of OrleansMetrics knows version {Version}.");
        }

        var heads = new PartitionHead[BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(8))];
        return bytes.Length != FixedLength + (heads.Length * HeadTable.EntryLength)
            ? null
            : new LogState(
                (LogStatus)bytes[12],
                BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(16)),
                BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(24)),
                HeadTable.Read(bytes.AsSpan(32, heads.Length * HeadTable.EntryLength)));
    }

    /// <summary>Writes the file, durably.</summary>
    public void Write(LogFiles files)
    {
        var bytes = new byte[FixedLength + (Heads.Length * HeadTable.EntryLength)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), Version);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), Heads.Length);
        bytes[12] = (byte)Status;
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), Gaps);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(24), Secret);
        HeadTable.Write(bytes.AsSpan(32), Heads);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(bytes.Length - 8), XxHash3.HashToUInt64(bytes.AsSpan(0, bytes.Length - 8)));
        LogFiles.Replace(files.State, bytes);
    }
}
