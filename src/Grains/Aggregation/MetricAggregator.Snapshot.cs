using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Series;

namespace OrleansMetrics.Grains.Aggregation;

public sealed partial class MetricAggregator
{
    private const uint SnapshotMagic = 'O' | ('M' << 8) | ('S' << 16);
    private const byte SnapshotVersion = 1;
    private const int SnapshotHeaderLength = 12;

    /// <summary>Writes the whole state; docs/formats/snapshot.md describes the bytes. Equal states give equal bytes.</summary>
    public void WriteSnapshot(IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        var body = new ArrayBufferWriter<byte>(Math.Max(256 + _series.Count * 128, _snapshotLength + _snapshotLength / 8));
        SnapshotWriter.WriteVarint(body, (ulong)Position);
        SnapshotWriter.WriteZigzag(body, Watermark);
        SnapshotWriter.WriteZigzag(body, _finalThrough);
        SnapshotWriter.WriteVarint(body, (ulong)_processed);
        SnapshotWriter.WriteVarint(body, (ulong)_late);
        SnapshotWriter.WriteVarint(body, (ulong)_collided);
        SnapshotWriter.WriteVarint(body, (ulong)Kind);
        SnapshotWriter.WriteVarint(body, (ulong)_series.Count);
        for (var row = 0; row < _series.Count; row++)
        {
            WriteSeries(body, _series[row]);
        }

        _snapshotLength = body.WrittenCount;
        Span<byte> header = stackalloc byte[SnapshotHeaderLength];
        BinaryPrimitives.WriteUInt32LittleEndian(header, SnapshotMagic | ((uint)SnapshotVersion << 24));
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], Crc32.HashToUInt32(body.WrittenSpan));
        BinaryPrimitives.WriteInt32LittleEndian(header[8..], body.WrittenCount);
        output.Write(header);
        output.Write(body.WrittenSpan);
    }

    /// <summary>Reads a snapshot. Windows of another size than configured keep their size.</summary>
    /// <exception cref="InvalidDataException">The bytes are no snapshot, or damaged; the message names what is wrong.</exception>
    public static MetricAggregator ReadSnapshot(ReadOnlySpan<byte> bytes, WindowSettings settings)
    {
        CheckHeader(bytes);
        var input = new SnapshotReader(bytes[SnapshotHeaderLength..]);
        var aggregator = new MetricAggregator(settings);
        try
        {
            aggregator.Read(ref input);
        }
        catch (Exception exception) when (exception is OverflowException or ArgumentException)
        {
            throw new InvalidDataException($"The snapshot cannot be read: {exception.Message}", exception);
        }
        catch (InvalidDataException exception)
        {
            throw new InvalidDataException($"The snapshot cannot be read: {exception.Message}.", exception);
        }

        return aggregator;
    }

    private static void CheckHeader(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < SnapshotHeaderLength)
        {
            throw new InvalidDataException($"A snapshot of {bytes.Length} bytes is shorter than its header.");
        }

        var magic = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        if ((magic & 0xFFFFFF) != SnapshotMagic)
        {
            throw new InvalidDataException("The bytes are no snapshot: wrong magic.");
        }

        if (magic >> 24 != SnapshotVersion)
        {
            throw new InvalidDataException($"The snapshot has version {magic >> 24}; this build reads version {SnapshotVersion}.");
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]);
        if (length != bytes.Length - SnapshotHeaderLength)
        {
            throw new InvalidDataException($"The snapshot's body has {bytes.Length - SnapshotHeaderLength} bytes, its header says {length}.");
        }

        var crc = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
        var actual = Crc32.HashToUInt32(bytes[SnapshotHeaderLength..]);
        if (crc != actual)
        {
            throw new InvalidDataException($"The snapshot is damaged: CRC {actual:x8} is not the {crc:x8} of its header.");
        }
    }

    private void WriteSeries(ArrayBufferWriter<byte> body, in SeriesRow series)
    {
        SnapshotWriter.WriteUInt64(body, series.Id);
        SnapshotWriter.WriteVarint(body, series.Key is null ? 0 : (((ulong)series.Key.Length << 1) | (series.Collided ? 1UL : 0)) + 1);
        SnapshotWriter.WriteBytes(body, series.Key);
        SnapshotWriter.WriteVarint(body, (ulong)series.Count);
        if (series.Count > 0)
        {
            SnapshotWriter.WriteDouble(body, series.Sum);
            SnapshotWriter.WriteDouble(body, series.Min);
            SnapshotWriter.WriteDouble(body, series.Max);
        }

        var cells = 0;
        for (var at = series.Cell; at >= 0; at = _cells[at].Next)
        {
            cells++;
        }

        SnapshotWriter.WriteVarint(body, (ulong)cells);
        for (var at = series.Cell; at >= 0; at = _cells[at].Next)
        {
            WriteCell(body, _cells[at]);
        }
    }

    private static void WriteCell(ArrayBufferWriter<byte> body, in WindowCell cell)
    {
        SnapshotWriter.WriteZigzag(body, cell.Start);
        SnapshotWriter.WriteVarint(body, ((ulong)cell.Size << 1) | (cell.Final ? 1UL : 0));
        SnapshotWriter.WriteVarint(body, (ulong)cell.Count);
        SnapshotWriter.WriteVarint(body, (ulong)(cell.LastTime - cell.Start));
        SnapshotWriter.WriteDouble(body, cell.Last);
        if (cell.Count > 1)
        {
            SnapshotWriter.WriteDouble(body, cell.Sum);
            SnapshotWriter.WriteDouble(body, cell.Min);
            SnapshotWriter.WriteDouble(body, cell.Max);
            cell.Sketch!.WriteTo(body);
        }
    }

    private void Read(ref SnapshotReader input)
    {
        Position = input.ReadCount();
        Watermark = input.ReadZigzag();
        _finalThrough = input.ReadZigzag();
        _processed = input.ReadCount();
        _late = input.ReadCount();
        _collided = input.ReadCount();
        Kind = checked((MetricKind)input.ReadCount());
        var count = input.ReadCount();
        for (long i = 0; i < count; i++)
        {
            ReadSeries(ref input, i);
        }

        if (!input.AtEnd)
        {
            throw new InvalidDataException($"{input.Remaining} bytes are left after the last series");
        }
    }

    private void ReadSeries(ref SnapshotReader input, long expectedRow)
    {
        var row = _series.FindOrAdd(input.ReadUInt64());
        if (row != expectedRow)
        {
            throw new InvalidDataException("a series is there twice");
        }

        ref var series = ref _series[row];
        if (input.ReadCount() - 1 is var key and >= 0)
        {
            var bytes = input.ReadBytes(key >> 1);
            series.Key = SeriesKey.IsCanonical(bytes) ? bytes.ToArray() : throw new InvalidDataException("the key of a series is none");
            series.Collided = (key & 1) != 0;
        }

        series.Count = input.ReadCount();
        if (series.Count > 0)
        {
            series.Sum = input.ReadDouble();
            series.Min = input.ReadFinite();
            series.Max = input.ReadFinite();
        }

        ReadCells(ref input, row);
    }

    private void ReadCells(ref SnapshotReader input, int row)
    {
        var previous = -1;
        var points = 0L;
        for (var left = input.ReadCount(); left > 0; left--)
        {
            var at = ReadCell(ref input, row);
            points = checked(points + _cells[at].Count);
            if (previous < 0)
            {
                _series[row].Cell = at;
            }
            else if (_cells[previous].Start >= _cells[at].Start)
            {
                _cells[previous].Next = at;
            }
            else
            {
                throw new InvalidDataException("the windows of a series are not in order");
            }

            previous = at;
        }

        if (points > _series[row].Count)
        {
            throw new InvalidDataException("the windows of a series have more points than the series");
        }
    }

    private int ReadCell(ref SnapshotReader input, int row)
    {
        var start = input.ReadZigzag();
        var sizeAndFinal = input.ReadCount();
        var cell = new WindowCell
        {
            Start = start,
            Size = checked((int)(sizeAndFinal >> 1)),
            Final = (sizeAndFinal & 1) != 0,
            Count = input.ReadCount(),
            LastTime = checked(start + input.ReadCount()),
            Last = input.ReadFinite(),
            Next = -1,
        };
        if (cell.Size < 1 || cell.Count < 1 || cell.LastTime >= cell.End || cell.LastTime < EarliestTime || cell.LastTime > LatestTime)
        {
            throw new InvalidDataException("a window has no length, no points or the last of them elsewhere");
        }

        if (cell.Final != cell.End <= _finalThrough)
        {
            throw new InvalidDataException("a window is final too early or too late");
        }

        cell.Sum = cell.Min = cell.Max = cell.Last;
        if (cell.Count > 1)
        {
            cell.Sum = input.ReadDouble();
            cell.Min = input.ReadFinite();
            cell.Max = input.ReadFinite();
            cell.Sketch = _cells.TakeSketch();
            cell.Sketch.ReadFrom(ref input);
            if (cell.Sketch.Count != cell.Count)
            {
                throw new InvalidDataException($"a window has {cell.Count} points, its sketch {cell.Sketch.Count}");
            }
        }

        if (!(cell.Min <= cell.Last && cell.Last <= cell.Max))
        {
            throw new InvalidDataException("a window's last value is below its least or above its greatest");
        }

        if (!cell.Final)
        {
            _open.Add(cell.End, row);
        }

        var at = _cells.Take();
        _cells[at] = cell;
        return at;
    }
}
