using System.Buffers.Binary;
using System.IO.Hashing;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>Snapshots of version 1: docs/formats/snapshot.md, "Version 1".</summary>
public sealed partial class MetricAggregator
{
    private const int Version1HeaderLength = 12;

    private static ReadOnlySpan<byte> CheckVersion1(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Version1HeaderLength)
        {
            throw new InvalidDataException($"A snapshot of {bytes.Length} bytes is shorter than its header.");
        }

        var body = bytes[Version1HeaderLength..];
        var length = BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]);
        if (length != body.Length)
        {
            throw new InvalidDataException($"The snapshot's body has {body.Length} bytes, its header says {length}.");
        }

        var crc = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
        var actual = Crc32.HashToUInt32(body);
        return crc == actual ? body : throw new InvalidDataException($"The snapshot is damaged: CRC {actual:x8} is not the {crc:x8} of its header.");
    }

    private (long Points, long End) ReadVersion1Windows(ref SnapshotReader input, int row)
    {
        var points = 0L;
        var bytes = 0L;
        var previous = long.MaxValue;
        var end = long.MinValue;
        var windows = new List<(long Start, int Size, byte[] Body)>();
        for (var left = input.ReadCount(); left > 0; left--)
        {
            ReadVersion1Window(ref input);
            if (Restored.Start > previous)
            {
                throw new InvalidDataException("the windows of a series are not in order");
            }

            previous = Restored.Start;
            points = checked(points + Restored.Count);
            windows.Add((Restored.Start, Restored.Size, _windows.Pack(Restored)));
            end = Math.Max(end, Restored.End);
            bytes += windows[^1].Body.Length + 3 * SnapshotWriter.MaxVarintBytes;
            if (Restored.End > _finalThrough)
            {
                _open.Add(Restored.End, Restored.Size, row);
            }
        }

        PackVersion1Windows(windows, new byte[checked((int)bytes)], row);
        return (points, end);
    }

    private void PackVersion1Windows(List<(long Start, int Size, byte[] Body)> windows, byte[] bytes, int row)
    {
        // From the latest to the earliest, and those of one start in the order in which they were opened.
        windows.Sort(static (a, b) => (a.Start, a.Size).CompareTo((b.Start, b.Size)));
        var packed = new PackedWriter(bytes);
        var (start, size) = (long.MinValue, 0);
        foreach (var window in windows)
        {
            if (window.Start == start && window.Size == size)
            {
                throw new InvalidDataException("a window is there twice");
            }

            (start, size) = (window.Start, window.Size);
            packed.Write(start, size, window.Body);
        }

        if (packed.Windows > 0)
        {
            _windows.Packed.Restore(row, packed.From, packed.FromSize, packed.Windows, packed.HasGaps, packed.Written);
        }
    }

    private void ReadVersion1Window(ref SnapshotReader input)
    {
        Restored.Start = input.ReadZigzag();
        var sizeAndFinal = input.ReadCount();
        Restored.Size = checked((int)(sizeAndFinal >> 1));
        Restored.Count = input.ReadCount();
        var offset = input.ReadCount();
        Restored.Last = input.ReadFinite();
        if (Restored.Size < 1 || Restored.Count < 1 || offset >= Restored.Size || Restored.Start <= EarliestTime - Restored.Size || Restored.Start > LatestTime)
        {
            throw new InvalidDataException("a window has no length, no points or the last of them elsewhere");
        }

        if ((sizeAndFinal & 1) != 0 != Restored.End <= _finalThrough)
        {
            throw new InvalidDataException("a window is final too early or too late");
        }

        Restored.LastOffset = (int)offset;
        Restored.Sum = Restored.Min = Restored.Max = Restored.Last;
        Restored.ClearSketch();
        if (Restored.Count == 1)
        {
            Restored.Sketch.Add(Restored.Last);
            return;
        }

        Restored.Sum = input.ReadDouble();
        Restored.Min = input.ReadFinite();
        Restored.Max = input.ReadFinite();
        Restored.Sketch.ReadFrom(ref input);
        CheckVersion1Values();
    }

    private void CheckVersion1Values()
    {
        if (Restored.Sketch.Count != Restored.Count)
        {
            throw new InvalidDataException($"a window has {Restored.Count} points, its sketch {Restored.Sketch.Count}");
        }

        if (!(Restored.Min <= Restored.Last && Restored.Last <= Restored.Max))
        {
            throw new InvalidDataException("a window's last value is below its least or above its greatest");
        }

        if (Restored.Count > ExponentialHistogram.MaxRaw)
        {
            CheckVersion1Least(Restored.Sketch);
            return;
        }

        // What version 2 does not keep follows from the values.
        var values = Restored.Sketch.Raw;
        var (sum, min, max) = (values[0], values[0], values[0]);
        foreach (var value in values[1..])
        {
            sum += value;
            min = Math.Min(min, value);
            max = Math.Max(max, value);
        }

        if (!sum.Equals(Restored.Sum) || !min.Equals(Restored.Min) || !max.Equals(Restored.Max) || !values.Contains(Restored.Last))
        {
            throw new InvalidDataException("the totals of a window are not those of its values");
        }
    }

    /// <summary>Version 2 takes the bucket of the least value from it.</summary>
    private void CheckVersion1Least(ExponentialHistogram sketch)
    {
        if (sketch.Zeros == 0 && sketch.Negative.IsEmpty
            && (!(Restored.Min > 0) || BucketIndex.Of(Restored.Min) >> (ExponentialHistogram.MaxScale - sketch.Scale) != sketch.Positive.First))
        {
            throw new InvalidDataException("the least value of a window is in another bucket than its sketch says");
        }
    }
}
