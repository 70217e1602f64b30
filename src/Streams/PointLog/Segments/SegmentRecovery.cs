using Microsoft.Extensions.Logging;

namespace OrleansMetrics.Streams.PointLog.Segments;

/// <summary>
/// Finds out what the files hold. Segments with an index are not read; those without, which is the newest after an unclean end, are read
/// whole, and what an interrupted write left at the end is cut off.
/// </summary>
internal sealed class SegmentRecovery
{
    private readonly LogFiles _files;
    private readonly PointLogOptions _options;
    private readonly ILogger _logger;
    private readonly List<(long Position, RecordLocation Location)>[] _records;
    private readonly List<RequestRow>[] _requests;
    private readonly List<Segment> _unindexed = [];
    private long _newest;
    private bool _isDamaged;
    private bool _hasLostEnd;

    private SegmentRecovery(LogFiles files, LogState state, PointLogOptions options, ILogger logger)
    {
        _files = files;
        _options = options;
        _logger = logger;
        State = state;
        Heads = [.. state.Heads];
        Store = new SegmentStore(files, Heads.Length, state.Secret);
        Windows = new RequestWindow?[Heads.Length];
        _records = [.. Heads.Select(static _ => new List<(long, RecordLocation)>())];
        _requests = [.. Heads.Select(static _ => new List<RequestRow>())];
        Newest = null!;
    }

    /// <summary>What the log is now that it is open.</summary>
    public LogState State { get; private set; }

    /// <summary>The segments and where the records are.</summary>
    public SegmentStore Store { get; }

    /// <summary>Where the partitions stand.</summary>
    public PartitionHead[] Heads { get; }

    /// <summary>The requests that are remembered.</summary>
    public RequestWindow?[] Windows { get; }

    /// <summary>Indexes that are there because of their requests only.</summary>
    public List<(long Number, Dictionary<int, long> LastRequests)> Orphans { get; } = [];

    /// <summary>Segments that have no index yet.</summary>
    public IReadOnlyList<Segment> Unindexed => _unindexed;

    /// <summary>The segment to append to.</summary>
    public Segment Newest { get; private set; }

    /// <summary>Whether every partition must go on after a <see cref="LogGap"/>.</summary>
    public bool NeedsGap { get; private set; }

    /// <summary>The lowest position that the record after the gap may have.</summary>
    public long Beyond { get; private set; }

    /// <summary>Reads what is there, and creates the log when there is nothing.</summary>
    /// <exception cref="InvalidOperationException">The log has another number of partitions, or is of another version.</exception>
    /// <exception cref="InvalidDataException">It is too damaged.</exception>
    public static SegmentRecovery Run(LogFiles files, int partitions, PointLogOptions options, ILogger logger)
    {
        foreach (var unfinished in Directory.GetFiles(files.Directory, "*.new"))
        {
            File.Delete(unfinished);
        }

        var recovery = new SegmentRecovery(files, FindState(files, partitions, logger), options, logger);
        if (recovery.Heads.Length != partitions)
        {
            throw new InvalidOperationException(
                $"The point log '{files.Directory}' was created with {recovery.Heads.Length} partitions and cannot be opened with {partitions}: "
                + "the number of partitions is fixed when a cluster is created.");
        }

        try
        {
            recovery.Recover();
            return recovery;
        }
        catch
        {
            foreach (var segment in recovery.Store.Segments.Values)
            {
                segment.Dispose();
            }

            throw;
        }
    }

    private static LogState FindState(LogFiles files, int partitions, ILogger logger)
    {
        if (LogState.Read(files.State) is { } state)
        {
            return state;
        }

        var segments = files.Segments();
        if (segments.Length == 0 && !File.Exists(files.State))
        {
            return LogState.Create(partitions);
        }

        SegmentMessages.StateUnreadable(logger, files.Directory);
        var bytes = new byte[SegmentHeader.Length];
        foreach (var number in segments)
        {
            using var handle = File.OpenHandle(files.Segment(number));
            if (RandomAccess.Read(handle, bytes, 0) == bytes.Length && SegmentHeader.Read(bytes) is { } header && header.Number == number)
            {
                // How many gaps there were follows from the positions: each is a distance at least.
                return new LogState(LogStatus.DamageMet, -1, header.Secret, new PartitionHead[header.Partitions]);
            }
        }

        throw new InvalidDataException(
            $"The point log '{files.Directory}' is damaged: neither the file 'state' nor any segment says what it is. Restore the data directory from a backup.");
    }

    private void Recover()
    {
        if (State.Status != LogStatus.Closed)
        {
            PointLogMessages.NotClosed(_logger, _files.Directory);
        }

        var segments = _files.Segments();
        foreach (var number in segments)
        {
            ReadSegment(number, isNewest: number == segments[^1]);
        }

        foreach (var number in _files.Indexes().Except(segments))
        {
            ReadOrphan(number);
        }

        for (var partition = 0; partition < Heads.Length; partition++)
        {
            Build(partition);
        }

        NeedsGap = State.Status != LogStatus.Closed || _isDamaged || _hasLostEnd;
        var gaps = State.Gaps >= 0 ? State.Gaps : Heads.Max(static head => head.Position) / LogGap.Distance;
        gaps += NeedsGap ? 1 : 0;

        // A partition goes less than a distance on between two gaps, so that this is beyond all positions even if the last gap is not in
        // the log any more.
        Beyond = _isDamaged || State.Status == LogStatus.DamageMet ? 2 * gaps * LogGap.Distance : 0;

        // The state comes first: a gap that it does not know of would not count.
        State = State with { Status = LogStatus.Open, Gaps = gaps, Heads = [.. Heads] };
        State.Write(_files);
        Newest = Segment.Create(_files, _newest + 1, Store.Secret, Heads);
        Store.Segments[(int)Newest.Number] = Newest;
        DirectorySync.Flush(_files.Directory);
    }

    private void ReadSegment(long number, bool isNewest)
    {
        _newest = Math.Max(_newest, number);
        var segment = Segment.Open(_files, number, Store.Secret);
        Store.Segments[(int)number] = segment;
        long length = 0;
        var contents = State.Status == LogStatus.DamageMet ? null : SegmentIndex.Read(_files, number, Heads.Length, out length);
        if (contents is not null && length <= segment.Length)
        {
            segment.Length = length;
        }
        else
        {
            contents = Scan(segment, isNewest && State.Status != LogStatus.Closed);
        }

        if (contents is not null)
        {
            segment.LastRequests = contents.LastRequests();
            Take(number, contents);
        }
    }

    /// <summary>Reads a segment; null when there was nothing in it and it has been removed.</summary>
    private SegmentContents? Scan(Segment segment, bool mayEndTorn)
    {
        var fileLength = segment.Length;
        var scan = SegmentScan.Run(segment, Heads.Length, mayEndTorn);
        if (scan.IsEmpty)
        {
            Remove(segment, isUnfinished: mayEndTorn && fileLength <= SegmentHeader.Length + Frame.LengthOf(Heads.Length * HeadTable.EntryLength));
            return null;
        }

        if (scan.IsDamaged)
        {
            _isDamaged = true;
            SegmentMessages.SegmentDamaged(_logger, _files.Directory, segment.Number);
        }

        if (mayEndTorn && scan.End < fileLength)
        {
            SegmentMessages.TornEnd(_logger, _files.Directory, segment.Number, fileLength - scan.End);
            RandomAccess.SetLength(segment.Handle, scan.End);
        }

        segment.Length = scan.End;
        segment.Take(scan.Contents);
        _unindexed.Add(segment);
        return scan.Contents;
    }

    private void Remove(Segment segment, bool isUnfinished)
    {
        Store.Segments.TryRemove((int)segment.Number, out _);
        segment.Dispose();
        var path = _files.Segment(segment.Number);
        if (isUnfinished)
        {
            // Killed while it was created.
            File.Delete(path);
            return;
        }

        _isDamaged = true;
        File.Move(path, path + ".damaged", overwrite: true);
        SegmentMessages.SegmentUnreadable(_logger, _files.Directory, segment.Number, path + ".damaged");
    }

    private void ReadOrphan(long number)
    {
        _newest = Math.Max(_newest, number);
        var contents = SegmentIndex.Read(_files, number, Heads.Length, out _);
        if (contents is null || contents.Requests.Count == 0)
        {
            File.Delete(_files.Index(number));
            return;
        }

        Orphans.Add((number, contents.LastRequests()));
        HeadTable.Raise(Heads, contents.Heads);
        foreach (var row in contents.Requests)
        {
            _requests[row.Partition].Add(row);
        }
    }

    private void Take(long number, SegmentContents contents)
    {
        HeadTable.Raise(Heads, contents.Heads);
        foreach (var entry in contents.Entries)
        {
            _records[entry.Partition].Add((entry.Position, RecordLocation.At((int)number, entry.Offset, entry.Length)));
        }

        foreach (var row in contents.Requests)
        {
            _requests[row.Partition].Add(row);
        }
    }

    private void Build(int partition)
    {
        ref var head = ref Heads[partition];
        var index = Store.Index[partition];

        // In the order of positions; of a record that was copied, the copy. Segments are read in their order, and sorting keeps it.
        var records = _records[partition];
        var last = long.MaxValue;
        var ordered = records.Zip(records.Skip(1)).All(static pair => pair.First.Position < pair.Second.Position)
            ? records
            : [.. records.AsEnumerable().Reverse().DistinctBy(static record => record.Position).OrderBy(static record => record.Position)];
        foreach (var (position, location) in ordered)
        {
            if (position > head.TrimmedTo)
            {
                index.Add(position, location);
                Store.Segments[location.Segment].Hold(location.Length);
                head.BytesThrough += location.Length;
                last = position;
            }
        }

        records.Clear();
        index.Publish(head);
        ReportLost(partition, head, last == long.MaxValue ? head.TrimmedTo : last);
        LoadRequests(partition);
    }

    private void ReportLost(int partition, in PartitionHead head, long last)
    {
        var before = head.TrimmedTo;
        var found = new List<(long Position, RecordLocation Location)>();
        foreach (var (first, end) in Store.Index[partition].Ranges())
        {
            if (first > before + 1)
            {
                found.Clear();
                Store.Index[partition].Find(first - 1, 0, found);
                var record = Store.Segments[found[0].Location.Segment].ReadRecord(partition, first, found[0].Location);
                ReportLost(partition, before, record is { } gap && LogGap.TryParse(gap.Payload.Span, out var lastBefore) ? lastBefore : first - 1);
            }

            before = end;
        }

        // Known from what was written after them.
        _hasLostEnd |= head.Position > last;
        ReportLost(partition, last, head.Position);
    }

    private void ReportLost(int partition, long before, long last)
    {
        if (last > before)
        {
            PointLogMessages.RecordsLost(_logger, _files.Directory, partition, before + 1, last);
        }
    }

    private void LoadRequests(int partition)
    {
        var rows = _requests[partition];
        if (rows.Count == 0)
        {
            return;
        }

        var window = Windows[partition] = new RequestWindow(_options.DuplicateWindow, _options.MaxRequestKeysPerPartition);
        foreach (var row in rows.OrderBy(static row => row.Position))
        {
            if (row.Position > window.Position)
            {
                window.Load(row.Position, row.IngestedAt, row.Keys.Span);
            }
        }

        rows.Clear();
    }
}
