using Microsoft.Extensions.Logging;

namespace OrleansMetrics.Streams.PointLog.Segments;

/// <summary>
/// Writes commits to the newest segment: one gather write each, of all partitions, and one flush if <see cref="LogSync.Full"/> asks for it.
/// </summary>
/// <remarks>
/// Nothing is ever written after something that failed: what a failed write left is cut off first, and a segment whose flush failed is
/// written to no more, since what of it is on the disk cannot be known.
/// </remarks>
internal sealed class SegmentSession : ILogSession
{
    private readonly SegmentStore _store;
    private readonly PointLogOptions _options;
    private readonly TimeProvider _time;
    private readonly SegmentKeeper _keeper;
    private readonly PointLogStatistics _statistics;
    private readonly ILogger _logger;
    private readonly SetAsideFiles _aside;
    private readonly CallAdmission _admission;
    private readonly SegmentMover _mover;
    private readonly PartitionHead[] _heads;
    private readonly RequestWindow?[] _windows;

    // Indexes that outlive their segments, because requests in them are remembered.
    private readonly List<(long Number, Dictionary<int, long> LastRequests)> _orphans;
    private readonly HashSet<int> _unwrittenTrims = [];

    // Of the commit under way.
    private readonly CommitBuffer _frames = new();
    private readonly List<(int Partition, LogRecord Record, long InCommit)> _records = [];
    private readonly List<RequestRow> _requests = [];
    private readonly Dictionary<int, PartitionHead> _before = [];
    private Segment _segment;
    private bool _mustCut;
    private bool _mustRoll;

    public SegmentSession(
        SegmentStore store, SegmentRecovery recovered, PointLogOptions options, TimeProvider time, SegmentKeeper keeper, PointLogStatistics statistics, LogDamage damage, ILogger logger)
    {
        _store = store;
        _options = options;
        _time = time;
        _keeper = keeper;
        _statistics = statistics;
        _logger = logger;
        _heads = recovered.Heads;
        _windows = recovered.Windows;
        _orphans = recovered.Orphans;
        _segment = recovered.Newest;
        _aside = new SetAsideFiles(store.Files);
        _mover = new SegmentMover(store, options.SegmentBytes, damage);
        _admission = new CallAdmission(store.Partitions, options.MaxBytesPerPartition, partition => _heads[partition], Window);
    }

    /// <summary>Whether everything is in the keeper's hands.</summary>
    public bool IsClosed { get; private set; }

    /// <inheritdoc/>
    public void Begin()
    {
        Prepare();
        _frames.Begin(_segment.Seed);
    }

    /// <inheritdoc/>
    public bool Admit(IReadOnlyList<LogAppend> appends, long now) => _admission.Admit(appends, now);

    /// <inheritdoc/>
    public LogRecord Append(LogAppend append, long now)
    {
        var partition = append.Partition;
        ref var head = ref _heads[partition];
        _before.TryAdd(partition, head);
        var record = head.Next(append, now);
        if (append.Keys.Count > 0)
        {
            var keys = Window(partition).Stage(record.Position, record.IngestedAt, append.Keys);
            _frames.Add(FrameKind.Keys, partition, record, keys);
            _requests.Add(new RequestRow(partition, record.Position, record.IngestedAt, keys));
        }

        Write(partition, record);
        head.MoveTo(record);
        return record;
    }

    /// <summary>The partitions of another log stand here. Before its records are imported.</summary>
    public void ImportHeads(IReadOnlyList<PartitionHead> heads)
    {
        for (var partition = 0; partition < heads.Count; partition++)
        {
            _heads[partition] = heads[partition] with { BytesThrough = 0, BytesTrimmed = 0 };
            _store.Index[partition].Publish(_heads[partition]);
        }
    }

    /// <summary>Writes records and requests of another log as they are, in a commit, in the order of their positions.</summary>
    public void Import(int partition, IReadOnlyList<LogRecord> records, IReadOnlyList<RequestRow> requests)
    {
        Begin();
        foreach (var row in requests)
        {
            _frames.Add(FrameKind.Keys, partition, new LogRecord(row.Position, row.IngestedAt, 0, default), row.Keys);
            _requests.Add(row);
            Window(partition).Load(row.Position, row.IngestedAt, row.Keys.Span);
        }

        _before.TryAdd(partition, _heads[partition]);
        foreach (var record in records)
        {
            Write(partition, record);
            _heads[partition].BytesThrough += record.Payload.Length;
        }

        Commit();
    }

    /// <summary>Writes a record with a position of its own; see <see cref="LogGap"/>.</summary>
    public void Append(int partition, LogRecord record)
    {
        _before.TryAdd(partition, _heads[partition]);
        Write(partition, record);
        _heads[partition].MoveTo(record);
    }

    /// <inheritdoc/>
    public void Commit()
    {
        if (_frames.Length == 0)
        {
            return;
        }

        var offset = WriteFrames(_options.Sync == LogSync.Full);
        foreach (var (partition, record, inCommit) in _records)
        {
            Hold(partition, record.Position, offset + inCommit, record.Payload.Length);
        }

        foreach (var partition in _before.Keys)
        {
            _store.Index[partition].Publish(_heads[partition]);
        }

        _segment.Contents!.Requests.AddRange(_requests);
        foreach (var row in _requests)
        {
            _windows[row.Partition]!.Commit();
        }

        Clear();
    }

    /// <inheritdoc/>
    public bool TryRollback(Exception cause)
    {
        foreach (var (partition, head) in _before)
        {
            _heads[partition] = head;
        }

        foreach (var row in _requests)
        {
            _windows[row.Partition]!.Rollback();
        }

        _admission.Reset();
        Clear();
        try
        {
            Cut();
        }
        catch (IOException)
        {
            // Tried again before the next write.
        }

        return true;
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Afterwards segments without records are removed, and records copied out of segments that have few: the latter in chunks, for which this is called again.
    /// </remarks>
    public bool TrimChunk(int partition, long upTo)
    {
        ref var head = ref _heads[partition];
        if (upTo > head.Position)
        {
            throw new ArgumentOutOfRangeException(nameof(upTo), upTo, $"Partition {partition} cannot be trimmed beyond its head, which is {head.Position}.");
        }

        long bytes = 0;
        var last = _store.Index[partition].Trim(upTo, location =>
        {
            bytes += location.Length;
            _store.Segments[location.Segment].Release(location.Length);
        });
        if (last > 0)
        {
            head.TrimmedTo = last;
            head.BytesTrimmed += bytes;
            _store.Index[partition].Publish(head);
            _unwrittenTrims.Add(partition);
        }

        try
        {
            WriteTrims();
            DropSegments();
            return !MoveSome();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The records are gone from the log as far as anybody can see; what is left in files goes with the next trim.
            _statistics.StoreFailed();
            SegmentMessages.TidyingFailed(_logger, _store.Files.Directory, exception);
            TryRollback(exception);
            DropSegments();
            return true;
        }
    }

    /// <inheritdoc/>
    public void SetAside(int partition, LogRecord record, string reason, long now) => _aside.Keep(partition, record, reason, now);

    /// <inheritdoc/>
    /// <remarks>The newest segment is appended to no more: the log goes on in another one. Idempotent.</remarks>
    public void Close()
    {
        if (IsClosed)
        {
            return;
        }

        DropSegments();
        if (_segment.LiveRecords == 0)
        {
            Drop(_segment);
        }
        else
        {
            Seal();
        }

        IsClosed = true;
    }

    public void Dispose()
    {
    }

    private RequestWindow Window(int partition) =>
        _windows[partition] ??= new RequestWindow(_options.DuplicateWindow, _options.MaxRequestKeysPerPartition);

    /// <summary>Makes sure that the newest segment can be written to.</summary>
    private void Prepare()
    {
        Cut();
        if (_mustRoll || _segment.Length >= _options.SegmentBytes)
        {
            var next = Segment.Create(_store.Files, _segment.Number + 1, _store.Secret, _heads);
            if (_options.Sync == LogSync.Full)
            {
                DirectorySync.Flush(_store.Files.Directory);
            }

            Seal();
            _segment = next;
            _store.Segments[(int)next.Number] = next;
            _mustRoll = false;
        }
    }

    private void Seal()
    {
        var contents = _segment.Contents!;
        _heads.CopyTo(contents.Heads.AsSpan());
        _segment.LastRequests = contents.LastRequests();
        _keeper.Seal(_segment);
    }

    private void Write(int partition, LogRecord record) =>
        _records.Add((partition, record, _frames.Add(FrameKind.Record, partition, record, record.Payload)));

    /// <summary>Writes the frames at the end of the newest segment; where they begin.</summary>
    private long WriteFrames(bool flush)
    {
        var offset = _segment.Length;
        _mustCut = true;
        RandomAccess.Write(_segment.Handle, _frames.Finish(), offset);
        if (flush)
        {
            try
            {
                RandomAccess.FlushToDisk(_segment.Handle);
            }
            catch
            {
                _mustRoll = true;
                throw;
            }
        }

        _mustCut = false;
        _segment.Length += _frames.Length;
        return offset;
    }

    private void Hold(int partition, long position, long offset, int length)
    {
        _segment.Contents!.Entries.Add(new SegmentEntry(partition, position, offset, length));
        _segment.Hold(length);
        _store.Index[partition].Add(position, RecordLocation.At((int)_segment.Number, offset, length));
    }

    private void Cut()
    {
        if (_mustCut)
        {
            RandomAccess.SetLength(_segment.Handle, _segment.Length);
            _mustCut = false;
        }
    }

    private void Clear()
    {
        _records.Clear();
        _requests.Clear();
        _before.Clear();
    }

    private void WriteTrims()
    {
        if (_unwrittenTrims.Count == 0)
        {
            return;
        }

        Begin();
        foreach (var partition in _unwrittenTrims)
        {
            _frames.Add(FrameKind.Trim, partition, new LogRecord(_heads[partition].TrimmedTo, 0, 0, default), default);
        }

        WriteFrames(flush: false);
        _unwrittenTrims.Clear();
    }

    private void DropSegments()
    {
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        for (var partition = 0; partition < _windows.Length; partition++)
        {
            _windows[partition]?.Forget(Math.Max(now, _heads[partition].IngestedAt));
        }

        foreach (var segment in _store.Segments.Values)
        {
            if (segment != _segment && segment.LiveRecords == 0)
            {
                Drop(segment);
            }
        }

        for (var i = _orphans.Count - 1; i >= 0; i--)
        {
            if (!IsRemembered(_orphans[i].LastRequests))
            {
                _keeper.DropIndex(_orphans[i].Number);
                _orphans.RemoveAt(i);
            }
        }
    }

    private void Drop(Segment segment)
    {
        _store.Segments.TryRemove((int)segment.Number, out _);
        if (segment == _segment)
        {
            _segment.LastRequests = _segment.Contents!.LastRequests();
            _heads.CopyTo(_segment.Contents!.Heads.AsSpan());
        }
        else
        {
            segment.Successors.Add(_segment);
        }

        var hasRequests = IsRemembered(segment.LastRequests);
        _keeper.Drop(segment, hasRequests);
        if (hasRequests)
        {
            _orphans.Add((segment.Number, segment.LastRequests));
        }
    }

    private bool IsRemembered(Dictionary<int, long> lastRequests)
    {
        foreach (var (partition, position) in lastRequests)
        {
            if (_windows[partition] is { } window && window.FirstPosition <= position)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Copies some of what holds up a segment that is mostly empty; false when there is nothing to copy.</summary>
    private bool MoveSome()
    {
        var moves = _mover.Next(_segment);
        if (moves.Count == 0)
        {
            return false;
        }

        Begin();
        var offsets = moves.ConvertAll(move => _frames.Add(FrameKind.Record, move.Partition, move.Record, move.Record.Payload));
        var start = WriteFrames(flush: false);
        for (var i = 0; i < moves.Count; i++)
        {
            var move = moves[i];
            var to = RecordLocation.At((int)_segment.Number, start + offsets[i], move.Record.Payload.Length);
            _segment.Contents!.Entries.Add(new SegmentEntry(move.Partition, move.Record.Position, to.Offset, to.Length));
            _segment.Hold(to.Length);
            move.From.Release(to.Length);
            move.From.Successors.Add(_segment);
            _store.Index[move.Partition].Move(move.Record.Position, to);
        }

        DropSegments();
        return true;
    }
}
