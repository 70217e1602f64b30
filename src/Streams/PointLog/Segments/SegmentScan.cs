namespace OrleansMetrics.Streams.PointLog.Segments;

/// <summary>Reads a whole segment and finds out what of it counts.</summary>
/// <remarks>
/// What has a wrong checksum is skipped. What comes after it shows what it was: when frames of another commit follow, it had been written whole and answered,
/// and has been damaged since; what is left of it counts. When nothing follows, the write of the newest commit was interrupted, and none of that counts.
/// </remarks>
internal sealed class SegmentScan
{
    private const int BufferBytes = 1 << 20;
    private const int SectorBytes = 4096;
    private readonly Segment _segment;
    private readonly int _partitions;
    private readonly long _length;
    private readonly List<(Frame Frame, long Offset, ReadOnlyMemory<byte> Body)> _commit = [];
    private byte[] _buffer = new byte[BufferBytes];
    private long _bufferFrom;
    private int _buffered;

    private SegmentScan(Segment segment, int partitions)
    {
        _segment = segment;
        _partitions = partitions;
        _length = RandomAccess.GetLength(segment.Handle);
        Contents = new SegmentContents(partitions);
    }

    /// <summary>What counts.</summary>
    public SegmentContents Contents { get; }

    /// <summary>Where it ends.</summary>
    public long End { get; private set; } = SegmentHeader.Length;

    /// <summary>Whether anything is gone that had counted.</summary>
    public bool IsDamaged { get; private set; }

    /// <summary>Whether nothing counts, not even the frame that every segment begins with.</summary>
    public bool IsEmpty { get; private set; } = true;

    /// <summary>Reads a segment.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="partitions">Of the log.</param>
    /// <param name="mayEndTorn">Whether its last commit may have been interrupted: nothing is known to have been written after it.</param>
    public static SegmentScan Run(Segment segment, int partitions, bool mayEndTorn)
    {
        var scan = new SegmentScan(segment, partitions);
        scan.Run(mayEndTorn);
        return scan;
    }

    private static bool IsWhole(List<(Frame Frame, long Offset, ReadOnlyMemory<byte> Body)> commit)
    {
        if (commit[0].Frame.InCommit != 0 || !commit[^1].Frame.EndsCommit)
        {
            return false;
        }

        for (var i = 1; i < commit.Count; i++)
        {
            if (commit[i].Offset != commit[i - 1].Offset + commit[i - 1].Frame.Length)
            {
                return false;
            }
        }

        return true;
    }

    private void Run(bool mayEndTorn)
    {
        for (long offset = SegmentHeader.Length; offset + Frame.HeaderLength <= _length;)
        {
            if (!TryRead(offset, out var frame, out var body))
            {
                offset += Frame.Alignment;
                continue;
            }

            if (_commit.Count > 0 && CommitOf(frame, offset) != CommitOf(_commit[0].Frame, _commit[0].Offset))
            {
                Count();
            }

            _commit.Add((frame, offset, body));
            offset += frame.Length;
        }

        if (_commit.Count > 0 && (!mayEndTorn || IsWhole(_commit)))
        {
            Count();
        }

        // Not known to have been answered: the end of a write that was interrupted.
        IsDamaged |= !mayEndTorn && End < _length;
    }

    private static long CommitOf(in Frame frame, long offset) => offset - frame.InCommit;

    private void Count()
    {
        IsDamaged |= !IsWhole(_commit) || _commit[0].Offset != End;
        foreach (var (frame, offset, body) in _commit)
        {
            Count(frame, offset, body);
        }

        IsEmpty = false;
        End = _commit[^1].Offset + _commit[^1].Frame.Length;
        _commit.Clear();
    }

    private void Count(in Frame frame, long offset, ReadOnlyMemory<byte> body)
    {
        ref var head = ref Contents.Heads[frame.Partition];
        switch (frame.Kind)
        {
            case FrameKind.Heads:
                HeadTable.Raise(Contents.Heads, HeadTable.Read(body.Span));
                break;
            case FrameKind.Keys:
                Contents.Requests.Add(new RequestRow(frame.Partition, frame.Position, frame.IngestedAt, body));
                break;
            case FrameKind.Trim:
                head.TrimmedTo = Math.Max(head.TrimmedTo, frame.Position);
                break;
            case FrameKind.Record:
                Contents.Entries.Add(new SegmentEntry(frame.Partition, frame.Position, offset, frame.BodyLength));
                if (frame.Position > head.Position)
                {
                    head.Position = frame.Position;
                    head.PointsThrough = frame.PointsThrough;
                    head.IngestedAt = Math.Max(head.IngestedAt, frame.IngestedAt);
                }

                break;
        }
    }

    /// <summary>Reads the frame at an offset, with its body unless that is a payload; false when there is none or it is damaged.</summary>
    private bool TryRead(long offset, out Frame frame, out ReadOnlyMemory<byte> body)
    {
        body = default;
        if (!Frame.TryRead(Bytes(offset, Frame.HeaderLength), _segment.Seed, out frame)
            || frame.Partition >= _partitions
            || frame.InCommit > offset - SegmentHeader.Length
            || offset + frame.Length > _length
            || (frame.Kind == FrameKind.Heads && frame.BodyLength != _partitions * HeadTable.EntryLength))
        {
            return false;
        }

        var bytes = Bytes(offset + Frame.HeaderLength, frame.BodyLength);
        if (!frame.IsBody(bytes))
        {
            return false;
        }

        if (frame.Kind != FrameKind.Record)
        {
            body = bytes.ToArray();
        }

        return true;
    }

    private ReadOnlySpan<byte> Bytes(long offset, int length)
    {
        if (offset < _bufferFrom || offset + length > _bufferFrom + _buffered)
        {
            if (length > _buffer.Length)
            {
                _buffer = new byte[length];
            }

            _bufferFrom = offset;
            _buffered = (int)Math.Min(_buffer.Length, _length - offset);
            Fill(_buffer.AsSpan(0, _buffered), offset);
        }

        return _buffer.AsSpan((int)(offset - _bufferFrom), length);
    }

    private void Fill(Span<byte> bytes, long offset)
    {
        try
        {
            bytes[_segment.Read(bytes, offset)..].Clear();
        }
        catch (IOException exception) when (SegmentErrors.IsDamage(exception) && bytes.Length > SectorBytes)
        {
            for (var from = 0; from < bytes.Length; from += SectorBytes)
            {
                Fill(bytes.Slice(from, Math.Min(SectorBytes, bytes.Length - from)), offset + from);
            }
        }
        catch (IOException exception) when (SegmentErrors.IsDamage(exception))
        {
            bytes.Clear();
        }
    }
}
