using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Series;
using OrleansMetrics.Grains.History;

namespace OrleansMetrics.Grains.Aggregation;

public sealed partial class MetricAggregator
{
    private const uint SnapshotMagic = 'O' | ('M' << 8) | ('S' << 16);
    private const byte SnapshotVersion = 4;
    private const int SnapshotHeaderLength = 4;
    private const int SnapshotTrailerLength = 4;

    /// <summary>Far above any key that a gateway lets in.</summary>
    private const int MaxKeyBytes = 1 << 24;

    /// <summary>Writes the whole state; docs/formats/snapshot.md describes the bytes. Equal states give equal bytes.</summary>
    public void WriteSnapshot(IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(output);

        // A writer that grows does so once.
        _ = output.GetSpan(Math.Max(256 + _series.Count * 128, _snapshotLength + _snapshotLength / 8));
        var writer = new SnapshotBuffer(output);
        writer.Header(SnapshotMagic | ((uint)SnapshotVersion << 24));
        writer.Varint((ulong)Position);
        writer.Varint((ulong)Begin);
        writer.Zigzag(Watermark);
        writer.Zigzag(_finalThrough);
        writer.Varint((ulong)_processed);
        writer.Varint((ulong)_late);
        writer.Varint((ulong)_collided);
        writer.Varint((ulong)_overflowed);
        writer.Varint((ulong)_conflicted);
        writer.Varint((ulong)_counted);
        writer.Zigzag(_countedThrough);
        writer.Zigzag(_settledThrough);
        writer.Varint((ulong)_corrected);
        writer.Varint(_kind is { } kind ? (ulong)kind + 1 : 0);
        WriteAllSeries(writer);
        writer.Varint(History is null ? 0UL : 1);
        History?.WriteTo(writer);
        WriteCorrections(writer);
        _snapshotLength = writer.Finish();
    }

    /// <summary>Reads a snapshot of version 1 to 4. Windows of another size than configured keep their size.</summary>
    /// <exception cref="InvalidDataException">The bytes are no snapshot, or damaged; the message names what is wrong.</exception>
    public static MetricAggregator ReadSnapshot(ReadOnlySpan<byte> bytes, WindowSettings settings)
    {
        var version = CheckMagic(bytes);
        var input = new SnapshotReader(version == 1 ? CheckVersion1(bytes) : CheckSealed(bytes));
        var aggregator = new MetricAggregator(settings);
        try
        {
            aggregator.Read(ref input, version);
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

    private static int CheckMagic(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < SnapshotHeaderLength + SnapshotTrailerLength)
        {
            throw new InvalidDataException($"A snapshot of {bytes.Length} bytes is shorter than its header.");
        }

        var magic = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        if ((magic & 0xFFFFFF) != SnapshotMagic)
        {
            throw new InvalidDataException("The bytes are no snapshot: wrong magic.");
        }

        return magic >> 24 is >= 1 and <= SnapshotVersion
            ? (int)(magic >> 24)
            : throw new InvalidDataException($"The snapshot has version {magic >> 24}; this build reads versions 1 to {SnapshotVersion}.");
    }

    private static ReadOnlySpan<byte> CheckSealed(ReadOnlySpan<byte> bytes)
    {
        var crc = BinaryPrimitives.ReadUInt32LittleEndian(bytes[^SnapshotTrailerLength..]);
        var actual = Crc32.HashToUInt32(bytes[..^SnapshotTrailerLength]);
        return crc == actual
            ? bytes[SnapshotHeaderLength..^SnapshotTrailerLength]
            : throw new InvalidDataException($"The snapshot is damaged: CRC {actual:x8} is not the {crc:x8} at its end.");
    }

    private void WriteAllSeries(SnapshotBuffer writer)
    {
        var (leavesOut, seen) = (MayHaveExpired, 0L);
        writer.Varint((ulong)(leavesOut ? CountKept() : _series.Count));
        for (var row = 0; row < _series.Count; row++)
        {
            if (!leavesOut || !IsRemovable(row))
            {
                WriteSeries(writer, row, ref seen);
            }
        }
    }

    private int CountKept()
    {
        var kept = 0;
        for (var row = 0; row < _series.Count; row++)
        {
            kept += IsRemovable(row) ? 0 : 1;
        }

        return kept;
    }

    private void WriteSeries(SnapshotBuffer writer, int row, ref long seen)
    {
        ref var series = ref _series.Rows[row];
        ref var history = ref _series.Histories[row];
        var key = _series.KeyOf(row);
        writer.UInt64(series.Id);
        writer.Varint(history.IsDefined ? (((ulong)key.Length << 1) | (history.IsCollided ? 1UL : 0)) + 1 : 0);
        writer.Bytes(key);
        writer.Varint((ulong)series.Count);
        if (series.Count > 0)
        {
            writer.Double(series.Sum);
            writer.Double(series.Min);
            writer.Double(series.Max);
        }

        writer.Zigzag(unchecked(history.Seen - seen));
        seen = history.Seen;
        if (_series.Totals is { } totals)
        {
            WriteTotal(writer, totals[row]);
        }

        if (!TryWriteWindowsInRow(writer, row))
        {
            WriteWindows(writer, row);
        }
    }

    /// <summary>Nearly always: windows without a gap, the bytes in the order and form in which they are kept, and one more in the row.</summary>
    private bool TryWriteWindowsInRow(SnapshotBuffer writer, int row)
    {
        ref var series = ref _series.Rows[row];
        ref var history = ref _series.Histories[row];
        var end = history.From + (long)history.PackedWindows * history.FromSize;
        var current = series.Window.Count > 0 ? 1 : 0;
        if (history.HasGaps || history.PackedWindows == 0 || series.Window.Next != 0
            || (current > 0 && (series.Window.Start < end || series.Window.Start + _size <= _finalThrough)))
        {
            return false;
        }

        var excess = _windows.Packed.ExcessOf(history, _finalThrough);
        if (history.From + (excess + 1L) * history.FromSize <= Math.Min(_expiredThrough, KeptAfter))
        {
            return false;
        }

        var packed = _windows.Packed.Read(row);
        for (var i = 0; i < excess; i++)
        {
            packed.MoveNext();
        }

        writer.Varint((ulong)(history.PackedWindows - excess + current));
        writer.Zigzag(excess == 0 ? history.From : packed.End);
        writer.Varint((ulong)history.FromSize);
        writer.Bytes(_windows.Packed.Bytes(row)[packed.Next..]);
        if (current > 0)
        {
            writer.Window(end, history.FromSize, series.Window.Start, _size, _windows.CurrentBytes(row));
        }

        return true;
    }

    private void WriteWindows(SnapshotBuffer writer, int row)
    {
        _windows.List(row, _size, _finalThrough, _settings.Retained, _windows.Packed.KeptAfter, _listed);
        writer.Varint((ulong)_listed.Count);
        if (_listed.Count == 0)
        {
            return;
        }

        var (end, size) = (_listed[0].Start, _listed[0].Size);
        writer.Zigzag(end);
        writer.Varint((ulong)size);
        foreach (var window in _listed)
        {
            writer.Window(end, size, window.Start, window.Size, _windows.Bytes(row, window));
            (end, size) = (window.End, window.Size);
        }
    }

    private void Read(ref SnapshotReader input, int version)
    {
        Position = input.ReadCount();
        Begin = version >= 4 ? input.ReadCount() : 0;
        Watermark = input.ReadZigzag();
        var finalThrough = input.ReadZigzag();
        if (finalThrough > long.MinValue)
        {
            SetFinalThrough(finalThrough);
        }

        _windows.Packed.ClosedThrough = _windows.Packed.RestoredThrough = finalThrough;
        _processed = input.ReadCount();
        _late = input.ReadCount();
        _collided = input.ReadCount();
        _overflowed = version >= 4 ? input.ReadCount() : 0;
        _conflicted = version >= 4 ? input.ReadCount() : 0;
        var counted = version >= 4 ? input.ReadCount() : -1;
        _countedThrough = version >= 4 ? input.ReadZigzag() : long.MinValue;
        SetSettledThrough(version >= 4 ? input.ReadZigzag() : finalThrough);
        _corrected = version >= 4 ? input.ReadCount() : 0;
        ReadKind(ref input, version);
        var count = input.ReadCount();
        var seen = 0L;
        for (long i = 0; i < count; i++)
        {
            ReadSeries(ref input, i, version, ref seen);
        }

        if (counted < 0)
        {
            counted = count;
        }

        if (counted > int.MaxValue || _overflowed > _processed || _countedThrough > _finalThrough || _corrected > _processed || _settledThrough > _finalThrough)
        {
            throw new InvalidDataException($"{counted} series were counted, and of {_processed} points {_overflowed} overflowed and {_corrected} corrected windows");
        }

        _counted = (int)counted;
        if (version >= 3)
        {
            History = input.ReadVarint() switch
            {
                0 => null,
                1 => HistoryManifest.ReadFrom(ref input, version),
                _ => throw new InvalidDataException("a history has a form that there is not"),
            };
            KeptAfter = History?.Through ?? long.MaxValue;
            CorrectionsKeptAfter = History?.CorrectedThrough ?? long.MaxValue;
        }

        if (version >= 4)
        {
            ReadCorrections(ref input);
        }

        SetNextLook();
        if (!input.AtEnd)
        {
            throw new InvalidDataException($"{input.Remaining} bytes are left at the end");
        }
    }

    private void ReadSeries(ref SnapshotReader input, long expectedRow, int version, ref long seen)
    {
        var row = _series.FindOrAdd(input.ReadUInt64());
        if (row != expectedRow)
        {
            throw new InvalidDataException("a series is there twice");
        }

        if (input.ReadCount() - 1 is var key and >= 0)
        {
            var bytes = input.ReadBytes(key >> 1);
            if (bytes.Length > MaxKeyBytes || !SeriesKey.IsCanonical(bytes))
            {
                throw new InvalidDataException("the key of a series is none");
            }

            _series.TryDefine(row, bytes);
            _series.Histories[row].IsCollided = (key & 1) != 0;
        }

        ref var series = ref _series.Rows[row];
        series.Count = input.ReadCount();
        if (series.Count > 0)
        {
            series.Sum = input.ReadDouble();
            series.Min = input.ReadFinite();
            series.Max = input.ReadFinite();
        }

        ref var history = ref _series.Histories[row];
        history.Seen = seen = version >= 4 ? unchecked(seen + input.ReadZigzag()) : Math.Max(Watermark, long.MinValue + 1);
        if (_series.Totals is { } totals)
        {
            totals[row] = ReadTotal(ref input);
        }

        var (points, end) = version == 1 ? ReadVersion1Windows(ref input, row) : ReadWindows(ref input, row);
        if (version < 4)
        {
            // A series that came back may still have windows of before, for history.
            history.Seen = Math.Max(history.Seen, end);
            if (points > series.Count)
            {
                throw new InvalidDataException("the windows of a series have more points than the series");
            }
        }

        if (history.Seen < end || history.Seen == long.MinValue)
        {
            throw new InvalidDataException("a series was last seen before the end of a window");
        }

        _earliestSeen = Math.Min(_earliestSeen, history.Seen);
    }

    /// <summary>Checks every window, then takes over their bytes as they are.</summary>
    private (long Points, long End) ReadWindows(ref SnapshotReader input, int row)
    {
        var windows = input.ReadCount();
        if (windows == 0)
        {
            return (0, long.MinValue);
        }

        var from = input.ReadZigzag();
        var fromSize = input.ReadCount();
        if (from <= EarliestTime - fromSize || from > LatestTime || fromSize is < 1 or > int.MaxValue || windows > input.Remaining)
        {
            throw new InvalidDataException($"a series has {windows} windows of {fromSize} ms from {from} on");
        }

        var (start, size, end, points, hasGaps, last) = (from, (int)fromSize, from, 0L, false, long.MinValue);
        var rest = input;
        Span<byte> head = stackalloc byte[2 * SnapshotWriter.MaxVarintBytes];
        for (long i = 0; i < windows; i++)
        {
            var before = input;
            var (nextStart, nextSize) = PackedReader.ReadHead(ref input, end, size);
            var length = PackedReader.WriteHead(head, end, size, nextStart, nextSize);
            if (before.Remaining - input.Remaining != length || (i == 0 && head[0] != 0))
            {
                throw new InvalidDataException("the place of a window is not in its shortest form");
            }

            if (i > 0 && (nextStart < start || (nextStart == start && nextSize <= size)))
            {
                throw new InvalidDataException("the windows of a series are not in order");
            }

            hasGaps |= head[0] != 0;
            (start, size, end) = (nextStart, nextSize, nextStart + nextSize);
            WindowCodec.Read(input.ReadBytes(input.ReadCount()), Restored, SketchReading.None);
            if (Restored.LastOffset >= size)
            {
                throw new InvalidDataException("a last value lies outside of its window");
            }

            points = checked(points + Restored.Count);
            last = Math.Max(last, end);
            if (end > _finalThrough)
            {
                _open.Add(end, size, row);
            }
        }

        _windows.Packed.Restore(row, from, (int)fromSize, (int)windows, hasGaps, rest.ReadBytes(rest.Remaining - input.Remaining));
        return (points, last);
    }
}
