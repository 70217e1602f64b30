using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace OrleansMetrics.Streams.PointLog.Segments;

/// <summary>The frames of one commit on their way into a segment. Large bodies are not copied.</summary>
internal sealed class CommitBuffer
{
    /// <summary>A body up to this length is copied: an entry of the gather list costs as much.</summary>
    private const int CopiedBytes = 1024;
    private const int KeptBytes = 1 << 20;

    private readonly List<Piece> _pieces = [];
    private readonly List<ReadOnlyMemory<byte>> _gathered = [];
    private byte[] _bytes = new byte[64 * 1024];
    private int _used;
    private int _lastHeader;
    private Frame _last;
    private long _seed;

    /// <summary>Bytes of the frames so far.</summary>
    public long Length { get; private set; }

    /// <summary>Starts anew.</summary>
    public void Begin(long seed)
    {
        _seed = seed;
        _pieces.Clear();
        _gathered.Clear();
        _used = 0;
        Length = 0;
        if (_bytes.Length > KeptBytes)
        {
            _bytes = new byte[64 * 1024];
        }
    }

    /// <summary>Adds a frame; its offset within the commit.</summary>
    public long Add(FrameKind kind, int partition, in LogRecord record, ReadOnlyMemory<byte> body)
    {
        var start = Length;
        _last = new Frame(
            kind, FrameFlags.None, partition, (uint)start, body.Length, record.Position, record.IngestedAt, record.PointsThrough, XxHash3.HashToUInt64(body.Span));
        _lastHeader = _used;
        _last.Write(Take(Frame.HeaderLength), _seed);
        if (body.Length <= CopiedBytes)
        {
            body.Span.CopyTo(Take(body.Length));
        }
        else
        {
            _pieces.Add(new Piece(_used, body));
        }

        Length += _last.Length;
        Take((int)(_last.Length - Frame.HeaderLength - body.Length)).Clear();
        return start;
    }

    /// <summary>Ends the commit with the last frame added; what is to be written.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Finish()
    {
        (_last with { Flags = _last.Flags | FrameFlags.EndsCommit }).Write(_bytes.AsSpan(_lastHeader), _seed);
        var from = 0;
        foreach (ref readonly var piece in CollectionsMarshal.AsSpan(_pieces))
        {
            _gathered.Add(_bytes.AsMemory(from, piece.At - from));
            _gathered.Add(piece.Body);
            from = piece.At;
        }

        if (from < _used)
        {
            _gathered.Add(_bytes.AsMemory(from, _used - from));
        }

        return _gathered;
    }

    private Span<byte> Take(int length)
    {
        if (_used + length > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _used + length));
        }

        _used += length;
        return _bytes.AsSpan(_used - length, length);
    }

    private readonly record struct Piece(int At, ReadOnlyMemory<byte> Body);
}
