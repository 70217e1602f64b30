using System.Buffers;
using System.Buffers.Binary;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Grains.History;
using OrleansMetrics.Grains.History.Chunks;

namespace OrleansMetrics.Grains.Aggregation;

// What history takes out of the aggregator. A final window never changes, so what ends at or before an instant up to which windows are
// final is the same whenever it is asked for.
public sealed partial class MetricAggregator
{
    /// <summary>The chunks that history consists of; goes with snapshots. Null: there is no history.</summary>
    public HistoryManifest? History { get; set; }

    /// <summary>Windows that end at or before this are final; <see cref="long.MinValue"/>: none.</summary>
    public long FinalThrough => _finalThrough;

    /// <summary>
    /// Windows that end after this are kept in memory and in snapshots, however many are final: history does not have them yet.
    /// <see cref="long.MaxValue"/>, at first: there is no history.
    /// </summary>
    public long KeptAfter
    {
        get => _windows.Packed.KeptAfter;
        set => _windows.Packed.KeptAfter = value;
    }

    /// <summary>The earliest end of a window that ends after an instant; <see cref="long.MaxValue"/> when there is none.</summary>
    public long EarliestEnd(long after)
    {
        var earliest = long.MaxValue;
        for (var row = 0; row < _series.Count; row++)
        {
            ref var history = ref _series.Histories[row];
            ref var current = ref _series.Rows[row].Window;
            if (history is { HasGaps: false, PackedWindows: > 0 })
            {
                // The first of a row of equal steps that lies beyond.
                var end = history.From + (long)history.FromSize;
                end += after < end ? 0 : ((after - end) / history.FromSize + 1) * history.FromSize;
                earliest = end <= history.From + (long)history.PackedWindows * history.FromSize ? Math.Min(earliest, end) : earliest;
            }
            else
            {
                for (var packed = _windows.Packed.Read(row); packed.MoveNext();)
                {
                    earliest = packed.End > after ? Math.Min(earliest, packed.End) : earliest;
                }
            }

            if (current.Count > 0 && current.Start + _size > after)
            {
                earliest = Math.Min(earliest, current.Start + _size);
            }

            if (current.Next != 0)
            {
                _windows.List(row, _size, _finalThrough, int.MaxValue, _listed);
                foreach (var window in _listed)
                {
                    earliest = window.End > after ? Math.Min(earliest, window.End) : earliest;
                }
            }
        }

        return earliest;
    }

    /// <summary>Writes the windows that end after one instant and at or before another as a chunk of rows: docs/formats/chunk.md.</summary>
    /// <param name="after">End of what is not wanted any more.</param>
    /// <param name="through">End of what is wanted.</param>
    /// <param name="matches">Which series, by canonical key, null for one that is not known; null: all.</param>
    public RowChunk WriteRows(long after, long through, Func<byte[]?, bool>? matches = null)
    {
        var output = new ArrayBufferWriter<byte>(4096);
        ChunkFormat.Begin(output, Kind == MetricKind.Set ? ChunkFormat.SetRows : ChunkFormat.Rows);
        var rows = new ArrayBufferWriter<byte>(256);
        var (windows, from, to) = (0, long.MaxValue, long.MinValue);
        for (var row = 0; row < _series.Count; row++)
        {
            ref var history = ref _series.Histories[row];
            if ((history.PackedWindows == 0 && _series.Rows[row].Window is { Count: 0, Next: 0 })
                || (matches is not null && !matches(history.IsDefined ? _series.KeyOf(row).ToArray() : null)))
            {
                continue;
            }

            rows.ResetWrittenCount();
            var (count, start, size, end) = WriteRow(rows, row, after, through);
            if (count > 0)
            {
                WriteRowHead(output, row, count, start, size, rows.WrittenCount);
                output.Write(rows.WrittenSpan);
                windows += count;
                from = Math.Min(from, start);
                to = Math.Max(to, end);
            }
        }

        return new RowChunk(windows == 0 ? [] : ChunkFormat.Seal(output), windows, from, to);
    }

    private void WriteRowHead(ArrayBufferWriter<byte> output, int row, int windows, long start, int size, int length)
    {
        var isDefined = _series.Histories[row].IsDefined;
        SnapshotWriter.WriteVarint(output, (ulong)windows);
        SnapshotWriter.WriteVarint(output, isDefined ? 3UL : 1);
        if (isDefined)
        {
            var key = _series.KeyOf(row);
            SnapshotWriter.WriteVarint(output, (ulong)key.Length);
            output.Write(key);
        }

        BinaryPrimitives.WriteUInt64LittleEndian(output.GetSpan(8), _series.Rows[row].Id);
        output.Advance(8);
        SnapshotWriter.WriteZigzag(output, start);
        SnapshotWriter.WriteVarint(output, (ulong)size);
        SnapshotWriter.WriteVarint(output, (ulong)length);
    }

    private (int Windows, long Start, int Size, long End) WriteRow(ArrayBufferWriter<byte> rows, int row, long after, long through)
    {
        ref var current = ref _series.Rows[row].Window;
        var kept = new RowOutput(rows, after, through);
        if (current.Next == 0)
        {
            // Nearly always: packed windows in order, and perhaps one more that is after them.
            var last = long.MinValue;
            for (var packed = _windows.Packed.Read(row); packed.MoveNext();)
            {
                kept.Write(packed.Start, packed.Size, packed.Body);
                last = packed.Start;
            }

            if (current.Count == 0)
            {
                return kept.Result;
            }

            if (current.Start > last)
            {
                if (kept.Takes(current.Start + _size))
                {
                    kept.Write(current.Start, _size, _windows.CurrentBytes(row));
                }

                return kept.Result;
            }

            rows.ResetWrittenCount();
            kept = new RowOutput(rows, after, through);
        }

        _windows.List(row, _size, _finalThrough, int.MaxValue, _listed);
        foreach (var window in _listed)
        {
            if (kept.Takes(window.End))
            {
                kept.Write(window.Start, window.Size, _windows.Bytes(row, window));
            }
        }

        return kept.Result;
    }

    /// <summary>Windows of one row that end within a range, each behind its head.</summary>
    private ref struct RowOutput(ArrayBufferWriter<byte> output, long after, long through)
    {
        private long _end;
        private int _size;
        private long _latest = long.MinValue;

        public (int Windows, long Start, int Size, long End) Result { get; private set; }

        public readonly bool Takes(long end) => end > after && end <= through;

        public void Write(long start, int size, scoped ReadOnlySpan<byte> body)
        {
            if (!Takes(start + size))
            {
                return;
            }

            if (Result.Windows == 0)
            {
                Result = (0, start, size, start + size);
                (_end, _size) = (start, size);
            }

            var span = output.GetSpan(3 * SnapshotWriter.MaxVarintBytes + body.Length);
            var written = PackedReader.WriteHead(span, _end, _size, start, size);
            written += SnapshotWriter.Encode(span[written..], (ulong)body.Length);
            body.CopyTo(span[written..]);
            output.Advance(written + body.Length);
            (_end, _size) = (start + size, size);
            _latest = Math.Max(_latest, _end);
            Result = (Result.Windows + 1, Result.Start, Result.Size, _latest);
        }
    }
}
