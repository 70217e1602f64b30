using System.Buffers.Binary;

namespace OrleansMetrics.Streams.PointLog.Segments;

/// <summary>Where every partition stands, as bytes: position, ingestion time, points through it, position trimmed to.</summary>
internal static class HeadTable
{
    /// <summary>Bytes of a partition.</summary>
    public const int EntryLength = 32;

    public static void Write(Span<byte> bytes, ReadOnlySpan<PartitionHead> heads)
    {
        foreach (ref readonly var head in heads)
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes, head.Position);
            BinaryPrimitives.WriteInt64LittleEndian(bytes[8..], head.IngestedAt);
            BinaryPrimitives.WriteInt64LittleEndian(bytes[16..], head.PointsThrough);
            BinaryPrimitives.WriteInt64LittleEndian(bytes[24..], head.TrimmedTo);
            bytes = bytes[EntryLength..];
        }
    }

    public static PartitionHead[] Read(ReadOnlySpan<byte> bytes)
    {
        var heads = new PartitionHead[bytes.Length / EntryLength];
        for (var i = 0; i < heads.Length; i++)
        {
            var entry = bytes[(i * EntryLength)..];
            heads[i] = new PartitionHead
            {
                Position = BinaryPrimitives.ReadInt64LittleEndian(entry),
                IngestedAt = BinaryPrimitives.ReadInt64LittleEndian(entry[8..]),
                PointsThrough = BinaryPrimitives.ReadInt64LittleEndian(entry[16..]),
                TrimmedTo = BinaryPrimitives.ReadInt64LittleEndian(entry[24..]),
            };
        }

        return heads;
    }

    /// <summary>Raises heads to those of another table that are further.</summary>
    public static void Raise(Span<PartitionHead> heads, ReadOnlySpan<PartitionHead> to)
    {
        for (var i = 0; i < Math.Min(heads.Length, to.Length); i++)
        {
            heads[i].TrimmedTo = Math.Max(heads[i].TrimmedTo, to[i].TrimmedTo);
            if (to[i].Position > heads[i].Position)
            {
                heads[i].Position = to[i].Position;
                heads[i].PointsThrough = to[i].PointsThrough;
                heads[i].IngestedAt = Math.Max(heads[i].IngestedAt, to[i].IngestedAt);
            }
        }
    }
}
