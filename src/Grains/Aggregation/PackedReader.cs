namespace OrleansMetrics.Grains.Aggregation;

/// <summary>Walks packed windows in order: docs/formats/snapshot.md, "Windows". For bytes that were written here or have been checked.</summary>
internal ref struct PackedReader(ReadOnlySpan<byte> bytes, long from, int fromSize)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _next;

    public long Start { get; private set; } = from - fromSize;

    public int Size { get; private set; } = fromSize;

    /// <summary>Before the first window, the end of one before it.</summary>
    public readonly long End => Start + Size;

    /// <summary>Where the window begins in the bytes, with its head.</summary>
    public int Offset { get; private set; }

    /// <summary>The window without its head, for <see cref="WindowCodec.Read"/>.</summary>
    public ReadOnlySpan<byte> Body { get; private set; }

    /// <summary>Where the next window begins.</summary>
    public readonly int Next => _next;

    public bool MoveNext()
    {
        if (_next == _bytes.Length)
        {
            return false;
        }

        Offset = _next;
        if (_bytes[_next] == 0 && _bytes[_next + 1] < 0x80)
        {
            // Nearly all: the window after the one before, and shorter than 128 bytes.
            Start += Size;
            Body = _bytes.Slice(_next + 2, _bytes[_next + 1]);
            _next += 2 + Body.Length;
            return true;
        }

        var input = new SnapshotReader(_bytes[_next..]);
        var (start, size) = ReadHead(ref input, End, Size);
        Start = start;
        Size = size;
        Body = input.ReadBytes(input.ReadCount());
        _next = _bytes.Length - input.Remaining;
        return true;
    }

    /// <summary>Reads where a window lies, from the end and the length of the one before.</summary>
    /// <exception cref="InvalidDataException">Not within all calendars.</exception>
    public static (long Start, int Size) ReadHead(ref SnapshotReader input, long end, int size)
    {
        var head = input.ReadVarint();
        long start;
        if ((head & 1) == 0)
        {
            start = end + (head >> 1 <= int.MaxValue ? (long)(head >> 1) * size : throw new InvalidDataException("a window lies too far after another"));
        }
        else
        {
            size = head >> 1 is > 0 and <= int.MaxValue ? (int)(head >> 1) : throw new InvalidDataException($"a window is {head >> 1} ms long");
            start = input.ReadZigzag();
        }

        return start > MetricAggregator.EarliestTime - size && start <= MetricAggregator.LatestTime
            ? (start, size)
            : throw new InvalidDataException("a window lies beyond all calendars");
    }

    /// <summary>Writes where a window lies, in its one form.</summary>
    public static int WriteHead(Span<byte> span, long end, int size, long start, int ownSize)
    {
        if (ownSize == size && start == end)
        {
            span[0] = 0;
            return 1;
        }

        if (ownSize == size && start > end && (start - end) % size == 0 && (start - end) / size <= int.MaxValue)
        {
            return SnapshotWriter.Encode(span, (ulong)((start - end) / size) << 1);
        }

        var written = SnapshotWriter.Encode(span, ((ulong)ownSize << 1) | 1);
        return written + SnapshotWriter.Encode(span[written..], (ulong)((start << 1) ^ (start >> 63)));
    }
}
