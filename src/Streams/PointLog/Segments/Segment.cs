using Microsoft.Win32.SafeHandles;

namespace OrleansMetrics.Streams.PointLog.Segments;

/// <summary>
/// A file of frames, of all partitions. Appended to by the commit thread as long as it is the newest; read by any thread; what is counted here is the
/// commit thread's.
/// </summary>
internal sealed class Segment(long number, SafeFileHandle handle, ulong secret, SegmentContents? contents) : IDisposable
{
    private volatile SegmentContents? _contents = contents;

    public long Number { get; } = number;

    public SafeFileHandle Handle { get; } = handle;

    /// <summary>Of the checksums of its frames.</summary>
    public long Seed { get; } = SegmentHeader.SeedOf(secret, number);

    /// <summary>Bytes that count. The file may have more after a write that failed.</summary>
    public long Length { get; set; }

    /// <summary>Records in it that the log still has.</summary>
    public long LiveRecords { get; private set; }

    /// <summary>Bytes of their frames.</summary>
    public long LiveBytes { get; private set; }

    /// <summary>Its index while that is in memory; null when it is in its file.</summary>
    public SegmentContents? Contents => _contents;

    /// <summary>The highest position with requests of each partition that has any, once no more is appended.</summary>
    public Dictionary<int, long> LastRequests { get; set; } = [];

    /// <summary>Segments that must be durable before this one is removed: they have copies of its records, and say how far it is trimmed.</summary>
    public HashSet<Segment> Successors { get; } = [];

    /// <summary>Whether it has a record that is damaged, so that it cannot be copied.</summary>
    public bool IsPinned { get; set; }

    /// <summary>Creates a segment with where the partitions stand. Not durable yet.</summary>
    /// <exception cref="IOException">It could not be created; nothing is left of it.</exception>
    public static Segment Create(LogFiles files, long number, ulong secret, ReadOnlySpan<PartitionHead> heads)
    {
        var path = files.Segment(number);
        var table = new byte[heads.Length * HeadTable.EntryLength];
        HeadTable.Write(table, heads);
        var header = new byte[SegmentHeader.Length];
        new SegmentHeader(number, heads.Length, secret).Write(header);
        var frames = new CommitBuffer();
        frames.Begin(SegmentHeader.SeedOf(secret, number));
        frames.Add(FrameKind.Heads, 0, default, table);
        var handle = File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        try
        {
            RandomAccess.Write(handle, [header, .. frames.Finish()], 0);
        }
        catch
        {
            handle.Dispose();
            File.Delete(path);
            throw;
        }

        return new Segment(number, handle, secret, new SegmentContents(heads.Length)) { Length = header.Length + frames.Length };
    }

    /// <summary>Opens a segment that is there.</summary>
    public static Segment Open(LogFiles files, long number, ulong secret)
    {
        var handle = File.OpenHandle(files.Segment(number), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        return new Segment(number, handle, secret, null) { Length = RandomAccess.GetLength(handle) };
    }

    /// <summary>A record of it is in the log.</summary>
    public void Hold(int payloadLength)
    {
        LiveRecords++;
        LiveBytes += Frame.LengthOf(payloadLength);
    }

    /// <summary>A record of it is not in the log any more, or elsewhere.</summary>
    public void Release(int payloadLength)
    {
        LiveRecords--;
        LiveBytes -= Frame.LengthOf(payloadLength);
    }

    /// <summary>The index has been read from the segment and is not in a file.</summary>
    public void Take(SegmentContents contents) => _contents = contents;

    /// <summary>The index is in its file.</summary>
    public void Indexed() => _contents = null;

    /// <summary>Reads bytes at an offset; fewer at the end of the file.</summary>
    public int Read(Span<byte> bytes, long offset)
    {
        var read = 0;
        while (read < bytes.Length && RandomAccess.Read(Handle, bytes[read..], offset + read) is > 0 and var some)
        {
            read += some;
        }

        return read;
    }

    /// <summary>Reads a record; null when it is damaged.</summary>
    /// <exception cref="ObjectDisposedException">The segment has been dropped.</exception>
    public LogRecord? ReadRecord(int partition, long position, RecordLocation location)
    {
        var bytes = GC.AllocateUninitializedArray<byte>(Frame.HeaderLength + location.Length);
        try
        {
            if (Read(bytes, location.Offset) < bytes.Length)
            {
                return null;
            }
        }
        catch (IOException exception) when (SegmentErrors.IsDamage(exception))
        {
            return null;
        }

        return Frame.TryRead(bytes, Seed, out var frame)
            && frame.Kind == FrameKind.Record && frame.Partition == partition && frame.Position == position
            && frame.IsBody(bytes.AsSpan(Frame.HeaderLength))
                ? new LogRecord(position, frame.IngestedAt, frame.PointsThrough, bytes.AsMemory(Frame.HeaderLength))
                : null;
    }

    public void Dispose() => Handle.Dispose();
}
