using System.Buffers.Binary;
using System.IO.Hashing;

namespace OrleansMetrics.Streams.PointLog.Segments;

/// <summary>
/// The file that says what a segment holds which is appended to no more, so that opening the log does not read its segments. It stays as long as a request
/// in it is remembered, also when the segment is gone.
/// </summary>
/// <remarks>Format: docs/formats/point-log.md.</remarks>
internal static class SegmentIndex
{
    private const uint Magic = 0x494C4D4F;
    private const uint Version = 1;
    private const int HeaderLength = 40;
    private const int EntryLength = 24;
    private const int RowLength = 24;
    private const int HashLength = 8;

    /// <summary>Writes the file, durably.</summary>
    public static void Write(LogFiles files, long number, long segmentLength, SegmentContents contents)
    {
        var length = HeaderLength + (contents.Heads.Length * HeadTable.EntryLength) + (contents.Entries.Count * EntryLength)
            + contents.Requests.Sum(static row => RowLength + row.Keys.Length) + HashLength;
        var bytes = new byte[length];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), Version);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8), number);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), segmentLength);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(24), contents.Heads.Length);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(28), contents.Entries.Count);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(32), contents.Requests.Count);
        var rest = bytes.AsSpan(HeaderLength);
        HeadTable.Write(rest, contents.Heads);
        rest = rest[(contents.Heads.Length * HeadTable.EntryLength)..];
        foreach (var entry in contents.Entries)
        {
            BinaryPrimitives.WriteInt64LittleEndian(rest, entry.Position);
            BinaryPrimitives.WriteInt64LittleEndian(rest[8..], entry.Offset);
            BinaryPrimitives.WriteInt32LittleEndian(rest[16..], entry.Length);
            BinaryPrimitives.WriteInt32LittleEndian(rest[20..], entry.Partition);
            rest = rest[EntryLength..];
        }

        foreach (var row in contents.Requests)
        {
            BinaryPrimitives.WriteInt64LittleEndian(rest, row.Position);
            BinaryPrimitives.WriteInt64LittleEndian(rest[8..], row.IngestedAt);
            BinaryPrimitives.WriteInt32LittleEndian(rest[16..], row.Partition);
            BinaryPrimitives.WriteInt32LittleEndian(rest[20..], row.Keys.Length);
            row.Keys.Span.CopyTo(rest[RowLength..]);
            rest = rest[(RowLength + row.Keys.Length)..];
        }

        BinaryPrimitives.WriteUInt64LittleEndian(rest, XxHash3.HashToUInt64(bytes.AsSpan(0, length - HashLength)));
        LogFiles.Replace(files.Index(number), bytes);
    }

    /// <summary>Reads the file; null when it is not there or damaged.</summary>
    /// <param name="files">Of the log.</param>
    /// <param name="number">Of the segment.</param>
    /// <param name="partitions">Of the log.</param>
    /// <param name="segmentLength">Bytes of the segment that it speaks of.</param>
    public static SegmentContents? Read(LogFiles files, long number, int partitions, out long segmentLength)
    {
        segmentLength = 0;
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(files.Index(number));
        }
        catch (IOException exception) when (exception is FileNotFoundException || SegmentErrors.IsDamage(exception))
        {
            return null;
        }

        if (bytes.Length < HeaderLength + HashLength
            || XxHash3.HashToUInt64(bytes.AsSpan(0, bytes.Length - HashLength)) != BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(bytes.Length - HashLength))
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(4)) != Version
            || BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(8)) != number
            || BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(24)) != partitions)
        {
            return null;
        }

        segmentLength = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(16));
        var rest = bytes.AsMemory(HeaderLength);
        var contents = new SegmentContents(partitions) { Heads = HeadTable.Read(rest.Span[..(partitions * HeadTable.EntryLength)]) };
        rest = rest[(partitions * HeadTable.EntryLength)..];
        for (var entries = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(28)); entries > 0; entries--)
        {
            var entry = rest.Span;
            contents.Entries.Add(new SegmentEntry(
                BinaryPrimitives.ReadInt32LittleEndian(entry[20..]),
                BinaryPrimitives.ReadInt64LittleEndian(entry),
                BinaryPrimitives.ReadInt64LittleEndian(entry[8..]),
                BinaryPrimitives.ReadInt32LittleEndian(entry[16..])));
            rest = rest[EntryLength..];
        }

        for (var rows = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(32)); rows > 0; rows--)
        {
            var row = rest.Span;
            var keys = BinaryPrimitives.ReadInt32LittleEndian(row[20..]);
            contents.Requests.Add(new RequestRow(
                BinaryPrimitives.ReadInt32LittleEndian(row[16..]),
                BinaryPrimitives.ReadInt64LittleEndian(row),
                BinaryPrimitives.ReadInt64LittleEndian(row[8..]),
                rest.Slice(RowLength, keys)));
            rest = rest[(RowLength + keys)..];
        }

        return contents;
    }
}
