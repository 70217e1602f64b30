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
            if (_read.Start > previous)
            {
                throw new InvalidDataException("the windows of a series are not in order");
            }

            previous = _read.Start;
            points = checked(points + _read.Count);
            windows.Add((_read.Start, _read.Size, _windows.Pack(_read)));
            end = Math.Max(end, _read.End);
            bytes += windows[^1].Body.Length + 3 * SnapshotWriter.MaxVarintBytes;
            if (_read.End > _finalThrough)
            {
                _open.Add(_read.End, _read.Size, row);
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
        _read.Start = input.ReadZigzag();
        var sizeAndFinal = input.ReadCount();
        _read.Size = checked((int)(sizeAndFinal >> 1));
        _read.Count = input.ReadCount();
        var offset = input.ReadCount();
        _read.Last = input.ReadFinite();
        if (_read.Size < 1 || _read.Count < 1 || offset >= _read.Size || _read.Start <= EarliestTime - _read.Size || _read.Start > LatestTime)
        {
            throw new InvalidDataException("a window has no length, no points or the last of them elsewhere");
        }

        if ((sizeAndFinal & 1) != 0 != _read.End <= _finalThrough)
        {
            throw new InvalidDataException("a window is final too early or too late");
        }

        _read.LastOffset = (int)offset;
        _read.Sum = _read.Min = _read.Max = _read.Last;
        _read.Sketch.Clear();
        if (_read.Count == 1)
        {
            _read.Sketch.Add(_read.Last);
            return;
        }

        _read.Sum = input.ReadDouble();
        _read.Min = input.ReadFinite();
        _read.Max = input.ReadFinite();
        _read.Sketch.ReadFrom(ref input);
        CheckVersion1Values();
    }

    private void CheckVersion1Values()
    {
        if (_read.Sketch.Count != _read.Count)
        {
            throw new InvalidDataException($"a window has {_read.Count} points, its sketch {_read.Sketch.Count}");
        }

        if (!(_read.Min <= _read.Last && _read.Last <= _read.Max))
        {
            throw new InvalidDataException("a window's last value is below its least or above its greatest");
        }

        if (_read.Count > ExponentialHistogram.MaxRaw)
        {
            CheckVersion1Least(_read.Sketch);
            return;
        }

        // What version 2 does not keep follows from the values.
        var values = _read.Sketch.Raw;
        var (sum, min, max) = (values[0], values[0], values[0]);
        foreach (var value in values[1..])
        {
            sum += value;
            min = Math.Min(min, value);
            max = Math.Max(max, value);
        }

        if (!sum.Equals(_read.Sum) || !min.Equals(_read.Min) || !max.Equals(_read.Max) || !values.Contains(_read.Last))
        {
            throw new InvalidDataException("the totals of a window are not those of its values");
        }
    }

    /// <summary>Version 2 takes the bucket of the least value from it.</summary>
    private void CheckVersion1Least(ExponentialHistogram sketch)
    {
        if (sketch.Zeros == 0 && sketch.Negative.IsEmpty
            && (!(_read.Min > 0) || BucketIndex.Of(_read.Min) >> (ExponentialHistogram.MaxScale - sketch.Scale) != sketch.Positive.First))
        {
            throw new InvalidDataException("the least value of a window is in another bucket than its sketch says");
        }
    }
}
