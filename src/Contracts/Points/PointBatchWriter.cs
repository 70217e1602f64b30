using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace OrleansMetrics.Contracts.Points;

/// <summary>
/// Builds one batch: a header, then a slice per metric with its points in columns. Reused from batch to batch; not thread-safe.
/// </summary>
/// <remarks>Format: docs/formats/batch.md.</remarks>
public sealed class PointBatchWriter
{
    private readonly byte[] _gatewayId;
    private byte[] _buffer;
    private int _length;
    private int _points;
    private int _slices;

    /// <param name="gatewayId">UTF-8 name of the gateway that processed the points; at most 1,024 bytes.</param>
    /// <param name="initialCapacity">Bytes reserved at first; grows as needed.</param>
    public PointBatchWriter(ReadOnlySpan<byte> gatewayId, int initialCapacity = 64 * 1024)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(gatewayId.Length, 1024, nameof(gatewayId));
        _gatewayId = gatewayId.ToArray();
        _buffer = new byte[Math.Max(initialCapacity, PointBatchFormat.HeaderLength + _gatewayId.Length + 8)];
        Reset();
    }

    /// <summary>Points written since the last <see cref="Finish"/>.</summary>
    public int Points => _points;

    /// <summary>Bytes written since the last <see cref="Finish"/>, header included.</summary>
    public int Length => _length;

    /// <summary>Begins the slice of a metric and returns its columns for the caller to fill, all of them, before the next call.</summary>
    /// <param name="metric">UTF-8 name of the metric: not empty, and one that has no slice in this batch yet.</param>
    /// <param name="kind">What the senders say that the values mean; null: they say nothing.</param>
    /// <param name="points">Points in the slice.</param>
    /// <param name="definitions">Definitions that follow, written by <see cref="SliceColumns.AddDefinition"/>.</param>
    /// <param name="definitionKeyBytes">Sum of the lengths of their keys.</param>
    /// <param name="baseTime">Unix milliseconds that the times are offsets of.</param>
    /// <param name="wideTimes">True when an offset does not fit 32 bits.</param>
    public SliceColumns BeginSlice(
        ReadOnlySpan<byte> metric, MetricKind? kind, int points, int definitions, int definitionKeyBytes, long baseTime, bool wideTimes)
    {
        ArgumentOutOfRangeException.ThrowIfZero(metric.Length, nameof(metric));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(metric.Length, ushort.MaxValue, nameof(metric));
        var definitionsLength = checked(definitions * PointBatchFormat.DefinitionHeaderLength + definitionKeyBytes);
        var definitionsAt = PointBatchFormat.SliceHeaderLength + PointBatchFormat.Align(metric.Length);
        var idsAt = definitionsAt + PointBatchFormat.Align(definitionsLength);
        var valuesAt = checked(idsAt + points * 8);
        var timesAt = checked(valuesAt + points * 8);
        var length = checked(timesAt + PointBatchFormat.Align(points * (wideTimes ? 8 : 4)));

        var slice = Reserve(length);
        BinaryPrimitives.WriteInt32LittleEndian(slice, length);
        BinaryPrimitives.WriteUInt16LittleEndian(slice[4..], (ushort)metric.Length);
        slice[6] = PointBatchFormat.Encode(kind);
        slice[7] = wideTimes ? PointBatchFormat.WideTimes : (byte)0;
        BinaryPrimitives.WriteInt32LittleEndian(slice[8..], points);
        BinaryPrimitives.WriteInt32LittleEndian(slice[12..], definitions);
        BinaryPrimitives.WriteInt32LittleEndian(slice[16..], definitionsLength);
        BinaryPrimitives.WriteInt32LittleEndian(slice[20..], 0);
        BinaryPrimitives.WriteInt64LittleEndian(slice[24..], baseTime);
        metric.CopyTo(slice[PointBatchFormat.SliceHeaderLength..]);
        slice[(PointBatchFormat.SliceHeaderLength + metric.Length)..definitionsAt].Clear();
        slice[(definitionsAt + definitionsLength)..idsAt].Clear();
        if (!wideTimes && (points & 1) != 0)
        {
            slice[^4..].Clear();
        }

        _points += points;
        _slices++;
        return new SliceColumns(
            slice.Slice(definitionsAt, definitionsLength),
            MemoryMarshal.Cast<byte, ulong>(slice.Slice(idsAt, points * 8)),
            MemoryMarshal.Cast<byte, double>(slice.Slice(valuesAt, points * 8)),
            wideTimes ? default : MemoryMarshal.Cast<byte, int>(slice.Slice(timesAt, points * 4)),
            wideTimes ? MemoryMarshal.Cast<byte, long>(slice.Slice(timesAt, points * 8)) : default);
    }

    /// <summary>Completes the batch and returns its bytes in an array of their own. The writer is then empty.</summary>
    /// <param name="createdAt">The gateway's time, Unix milliseconds.</param>
    public byte[] Finish(long createdAt)
    {
        var header = _buffer.AsSpan();
        BinaryPrimitives.WriteUInt32LittleEndian(header, PointBatchFormat.Magic | ((uint)PointBatchFormat.Version << 24));
        BinaryPrimitives.WriteInt32LittleEndian(header[8..], _length);
        BinaryPrimitives.WriteInt32LittleEndian(header[12..], _points);
        BinaryPrimitives.WriteInt32LittleEndian(header[16..], _slices);
        BinaryPrimitives.WriteUInt16LittleEndian(header[20..], 0);
        BinaryPrimitives.WriteUInt16LittleEndian(header[22..], (ushort)_gatewayId.Length);
        BinaryPrimitives.WriteInt64LittleEndian(header[24..], createdAt);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], Crc32.HashToUInt32(_buffer.AsSpan(8, _length - 8)));

        var batch = GC.AllocateUninitializedArray<byte>(_length);
        _buffer.AsSpan(0, _length).CopyTo(batch);
        Reset();
        return batch;
    }

    /// <summary>A batch without points, which moves the partition's watermark on.</summary>
    public static byte[] Heartbeat(ReadOnlySpan<byte> gatewayId, long createdAt) => new PointBatchWriter(gatewayId, 256).Finish(createdAt);

    private void Reset()
    {
        _points = 0;
        _slices = 0;
        _length = PointBatchFormat.HeaderLength + PointBatchFormat.Align(_gatewayId.Length);
        _buffer.AsSpan(PointBatchFormat.HeaderLength, _length - PointBatchFormat.HeaderLength).Clear();
        _gatewayId.CopyTo(_buffer, PointBatchFormat.HeaderLength);
    }

    private Span<byte> Reserve(int length)
    {
        var needed = checked(_length + length);
        if (needed > _buffer.Length)
        {
            Array.Resize(ref _buffer, (int)Math.Max(needed, Math.Min(_buffer.Length * 2L, Array.MaxLength)));
        }

        var span = _buffer.AsSpan(_length, length);
        _length = needed;
        return span;
    }
}
