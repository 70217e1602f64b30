using System.Buffers;
using System.IO.Hashing;
using OrleansMetrics.Contracts.Points;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>Writes one snapshot. Gathers the small pieces in a buffer, so that the checksum and the output see large ones.</summary>
internal sealed class SnapshotWriter(SeriesTable table, WindowStore windows, IBufferWriter<byte> output)
{
    private const int BufferLength = 64 * 1024;
    private const int MaxSeriesHeaderLength = 64;

    private readonly Crc32 _crc = new();
    private readonly Window _window = new();
    private readonly List<OpenWindowReference> _open = [];
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
    private byte[] _encoded = new byte[256];
    private int _used;

    public void Write(long position, long watermark, AggregatorCounters counters, MetricKind kind)
    {
        var header = new ByteWriter(Reserve(SnapshotFormat.HeaderLength));
        header.WriteUInt32(SnapshotFormat.Magic | ((uint)SnapshotFormat.Version << 24));
        header.WriteInt64(position);
        header.WriteInt64(watermark);
        header.WriteInt64(counters.Processed);
        header.WriteInt64(counters.Late);
        header.WriteInt64(counters.Collided);
        header.WriteByte((byte)kind);
        header.WriteUInt32((uint)table.Count);
        _used += header.Length;
        for (var ordinal = 0; ordinal < table.Count; ordinal++)
        {
            WriteSeries(ordinal);
        }

        Flush();
        var trailer = new ByteWriter(_buffer);
        trailer.WriteUInt32(_crc.GetCurrentHashAsUInt32());
        output.Write(_buffer.AsSpan(0, trailer.Length));
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private void WriteSeries(int ordinal)
    {
        ref var history = ref table.Histories[ordinal];
        var key = table.KeyOf(ordinal);
        windows.FindOpen(ordinal, _open);
        var writer = new ByteWriter(Reserve(MaxSeriesHeaderLength + key.Length));
        writer.WriteInt64((long)table.States[ordinal].Id);
        writer.WriteVarint((ulong)history.KeyLengthPlusOne);
        writer.WriteBytes(key);
        writer.WriteVarint((ulong)history.Dropped.Count);
        if (history.Dropped.Count > 0)
        {
            writer.WriteDouble(history.Dropped.Sum);
            writer.WriteDouble(history.Dropped.Min);
            writer.WriteDouble(history.Dropped.Max);
        }

        writer.WriteVarint((ulong)(history.FinalWindows + _open.Count));
        _used += writer.Length;
        for (var handle = history.Oldest; handle != 0;)
        {
            WriteWindow(windows.Finals.Read(handle, out handle));
        }

        foreach (var reference in _open)
        {
            windows.LoadOpen(ordinal, reference, _window);
            var needed = WindowCodec.MaxLength(_window);
            if (needed > _encoded.Length)
            {
                _encoded = new byte[needed];
            }

            WriteWindow(_encoded.AsSpan(0, WindowCodec.Write(_window, _encoded)));
        }
    }

    private void WriteWindow(ReadOnlySpan<byte> encoded)
    {
        var writer = new ByteWriter(Reserve(ByteWriter.MaxVarintLength + encoded.Length));
        writer.WriteVarint((ulong)encoded.Length);
        writer.WriteBytes(encoded);
        _used += writer.Length;
    }

    private Span<byte> Reserve(int length)
    {
        if (length > _buffer.Length - _used)
        {
            Flush();
            if (length > _buffer.Length)
            {
                ArrayPool<byte>.Shared.Return(_buffer);
                _buffer = ArrayPool<byte>.Shared.Rent(length);
            }
        }

        return _buffer.AsSpan(_used);
    }

    private void Flush()
    {
        _crc.Append(_buffer.AsSpan(0, _used));
        output.Write(_buffer.AsSpan(0, _used));
        _used = 0;
    }
}
