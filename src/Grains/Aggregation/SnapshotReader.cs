using System.Buffers.Binary;
using System.IO.Hashing;
using OrleansMetrics.Contracts.Points;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>Reads one snapshot into an empty table.</summary>
internal static class SnapshotReader
{
    /// <exception cref="InvalidDataException">The bytes are no complete, undamaged snapshot of a known version.</exception>
    public static SnapshotHeader Read(ReadOnlySpan<byte> bytes, SeriesTable table, WindowStore windows)
    {
        CheckFrame(bytes);
        var reader = new ByteReader(bytes[4..^SnapshotFormat.TrailerLength]);
        var position = reader.ReadInt64("position");
        var watermark = reader.ReadInt64("watermark");
        var counters = new AggregatorCounters(reader.ReadInt64("processed"), reader.ReadInt64("late"), reader.ReadInt64("collided"));
        var kind = (MetricKind)reader.ReadByte("kind");
        var series = reader.ReadUInt32("series count");
        if (series > reader.Remaining / SnapshotFormat.MinSeriesLength)
        {
            throw new InvalidDataException($"Snapshot: {series} series do not fit {reader.Remaining} bytes.");
        }

        var window = new Window();
        for (var i = 0; i < series; i++)
        {
            try
            {
                ReadSeries(ref reader, table, windows, window, watermark);
            }
            catch (InvalidDataException damage)
            {
                throw new InvalidDataException($"Snapshot, series {i} of {series}: {damage.Message}.", damage);
            }
        }

        return reader.Remaining == 0
            ? new SnapshotHeader(position, watermark, counters, kind)
            : throw new InvalidDataException($"Snapshot: {reader.Remaining} bytes are left after the last series.");
    }

    private static void CheckFrame(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < SnapshotFormat.HeaderLength + SnapshotFormat.TrailerLength)
        {
            throw new InvalidDataException($"Snapshot: {bytes.Length} bytes are shorter than a header.");
        }

        var magic = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        if ((magic & 0xFFFFFF) != SnapshotFormat.Magic)
        {
            throw new InvalidDataException("Snapshot: wrong magic.");
        }

        if (magic >> 24 != SnapshotFormat.Version)
        {
            throw new InvalidDataException($"Snapshot: unknown version {magic >> 24}; this build reads version {SnapshotFormat.Version}.");
        }

        var declared = BinaryPrimitives.ReadUInt32LittleEndian(bytes[^SnapshotFormat.TrailerLength..]);
        var actual = Crc32.HashToUInt32(bytes[..^SnapshotFormat.TrailerLength]);
        if (declared != actual)
        {
            throw new InvalidDataException($"Snapshot: CRC {actual:x8} is not the {declared:x8} at its end.");
        }
    }

    private static void ReadSeries(ref ByteReader reader, SeriesTable table, WindowStore windows, Window window, long watermark)
    {
        var id = (ulong)reader.ReadInt64("series identity");
        if (table.Find(id) >= 0)
        {
            throw new InvalidDataException($"identity {id:x16} is there twice");
        }

        var ordinal = table.FindOrAdd(id);

        var keyLengthPlusOne = reader.ReadCount("key length", int.MaxValue);
        if (keyLengthPlusOne > 0)
        {
            table.TryDefine(ordinal, reader.ReadBytes(keyLengthPlusOne - 1, "key"));
        }

        table.Histories[ordinal].Dropped = ReadTotals(ref reader);
        var count = reader.ReadCount("window count", reader.Remaining);
        var (lastEnd, lastStart) = (long.MinValue, long.MinValue);
        for (var i = 0; i < count; i++)
        {
            var encoded = reader.ReadBytes(reader.ReadCount("window length", ushort.MaxValue), "window");
            WindowCodec.Read(encoded, window);
            if (window.End < lastEnd || (window.End == lastEnd && window.Start <= lastStart))
            {
                throw new InvalidDataException($"window {i} is out of order");
            }

            (lastEnd, lastStart) = (window.End, window.Start);
            windows.Restore(ordinal, window, encoded, watermark);
        }
    }

    private static Totals ReadTotals(ref ByteReader reader)
    {
        var count = reader.ReadPositive("dropped count");
        return count == 0
            ? default
            : new Totals
            {
                Count = count,
                Sum = reader.ReadDouble("dropped sum"),
                Min = reader.ReadDouble("dropped minimum"),
                Max = reader.ReadDouble("dropped maximum"),
            };
    }
}
