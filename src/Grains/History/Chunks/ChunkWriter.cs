using System.Buffers;
using System.Buffers.Binary;
using OrleansMetrics.Contracts.Series;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.History.Chunks;

/// <summary>Writes a chunk of columns, series by series. Series in the order of their keys take least room.</summary>
internal sealed class ChunkWriter
{
    private readonly ArrayBufferWriter<byte> _output = new(4096);
    private readonly SeriesColumns _columns;
    private readonly ArrayBufferWriter<byte> _previousKey = new();
    private long _keys;

    /// <param name="columns">To be used again from chunk to chunk.</param>
    /// <param name="isSet">The windows are of a set.</param>
    public ChunkWriter(SeriesColumns columns, bool isSet = false)
    {
        _columns = columns;
        _columns.Clear();
        _columns.IsSet = isSet;
        ChunkFormat.Begin(_output, isSet ? ChunkFormat.SetColumns : ChunkFormat.Columns);
    }

    /// <summary>Windows written.</summary>
    public int Windows { get; private set; }

    /// <summary>Start of the earliest window, and end of the latest.</summary>
    public long From { get; private set; } = long.MaxValue;

    public long To { get; private set; } = long.MinValue;

    /// <summary>Bytes so far.</summary>
    public int Length => _output.WrittenCount;

    /// <summary>Writes the windows of a series, in order; none writes nothing.</summary>
    /// <param name="id">Identity of the series.</param>
    /// <param name="key">Canonical key; null: not known.</param>
    /// <param name="windows">The windows.</param>
    public void Write(ulong id, byte[]? key, WindowPool windows)
    {
        for (var i = 0; i < windows.Count; i++)
        {
            _columns.Add(windows[i]);
            From = Math.Min(From, windows[i].Start);
            To = Math.Max(To, windows[i].End);
            if (_columns.Count == ChunkFormat.MaxWindows || i == windows.Count - 1)
            {
                WriteSeries(id, key);
            }
        }
    }

    /// <summary>The whole chunk.</summary>
    public byte[] Finish() => ChunkFormat.Seal(_output);

    private void WriteSeries(ulong id, byte[]? key)
    {
        Windows += _columns.Count;
        SnapshotWriter.WriteVarint(_output, (ulong)_columns.Count);
        var ownId = key is null || SeriesKey.Hash(key) != id;
        var shared = key is null ? 0 : _previousKey.WrittenSpan.CommonPrefixLength(key);
        if (key is not null && _keys + key.Length > ChunkFormat.MaxKeysIn(_output.WrittenCount))
        {
            shared = 0;
        }

        SnapshotWriter.WriteVarint(_output, ((ulong)shared << 2) | (key is null ? 0UL : 2) | (ownId ? 1UL : 0));
        if (key is not null)
        {
            SnapshotWriter.WriteVarint(_output, (ulong)(key.Length - shared));
            _output.Write(key.AsSpan(shared));
            _keys += key.Length;
            _previousKey.ResetWrittenCount();
            _previousKey.Write(key);
        }

        if (ownId)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(_output.GetSpan(8), id);
            _output.Advance(8);
        }

        WriteBytes(_columns.Columns());
        WriteBytes(_columns.Sketches());
        _columns.Clear();
    }

    private void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        SnapshotWriter.WriteVarint(_output, (ulong)bytes.Length);
        _output.Write(bytes);
    }
}
