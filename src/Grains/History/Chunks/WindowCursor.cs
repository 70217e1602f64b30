using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.History.Chunks;

/// <summary>Reads the windows of one series of a chunk one by one, in order. What is read holds until it is read over.</summary>
internal ref struct WindowCursor
{
    private readonly SeriesColumns? _columns;
    private readonly SketchReading _sketches;
    private readonly bool _isSet;
    private SeriesColumns.Place _place;
    private BitReader _bits;
    private SnapshotReader _rows;
    private int _left;
    private long _end;
    private int _size;
    private (long Start, int Size) _last = (long.MinValue, 0);

    /// <param name="columns">Have been read.</param>
    /// <param name="windows">How many.</param>
    /// <param name="sketches">Their sketches.</param>
    /// <param name="wanted">How to read these; not at all only when they are no registers.</param>
    public WindowCursor(SeriesColumns columns, int windows, ReadOnlySpan<byte> sketches, SketchReading wanted)
    {
        (_columns, _left, _sketches) = (columns, windows, wanted);
        _bits = new BitReader(sketches);
    }

    /// <param name="rows">The series in a chunk of rows.</param>
    /// <param name="windows">How many.</param>
    /// <param name="isSet">They are of a set.</param>
    /// <param name="sketches">How to read sketches.</param>
    /// <exception cref="InvalidDataException">A length is none.</exception>
    public WindowCursor(SnapshotReader rows, int windows, bool isSet, SketchReading sketches)
    {
        _rows = rows;
        (_left, _isSet, _sketches) = (windows, isSet, sketches);
        _end = _rows.ReadZigzag();
        var size = _rows.ReadCount();
        _size = size is > 0 and <= int.MaxValue ? (int)size : throw new InvalidDataException($"A window is {size} ms long.");
        _rows.ReadCount();
    }

    /// <summary>There are windows to be read.</summary>
    public readonly bool HasMore => _left > 0;

    /// <summary>Reads the next.</summary>
    /// <exception cref="InvalidDataException">It is none, or it was the last and something is left.</exception>
    public void Read(WindowState into)
    {
        _left--;
        if (_columns is null)
        {
            ReadRow(into);
            return;
        }

        _columns.Take(ref _place, ref _bits, _sketches, into);
        if (_left == 0 && _sketches != SketchReading.None && !_bits.AtEnd)
        {
            throw new InvalidDataException("bits are left after the sketches of a series");
        }
    }

    private void ReadRow(WindowState into)
    {
        var (start, own) = PackedReader.ReadHead(ref _rows, _end, _size);
        if (start < _last.Start || (start == _last.Start && own <= _last.Size))
        {
            throw new InvalidDataException("The windows of a series are not in order.");
        }

        into.IsSet = _isSet;
        into.Revision = 0;
        WindowCodec.Read(_rows.ReadBytes(_rows.ReadCount()), into, _sketches);
        (into.Start, into.Size) = (start, own);
        if (into.LastOffset >= own)
        {
            throw new InvalidDataException("A last value lies outside of its window.");
        }

        (_end, _size, _last) = (start + own, own, (start, own));
        if (_left == 0 && !_rows.AtEnd)
        {
            throw new InvalidDataException("Bytes are left after the windows of a series.");
        }
    }
}
