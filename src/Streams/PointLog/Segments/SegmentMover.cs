namespace OrleansMetrics.Streams.PointLog.Segments;

/// <summary>
/// Chooses records to copy to the newest segment, so that a partition that is not trimmed does not keep the trimmed records of the others on the disk: the
/// segments together have at most twice the bytes of what the log holds, and four segments more.
/// </summary>
internal sealed class SegmentMover(SegmentStore store, long segmentBytes, LogDamage damage)
{
    private const int MaxBytes = 1 << 20;
    private const int FreeSegments = 4;
    private Segment? _victim;
    private List<SegmentEntry> _entries = [];
    private int _next;

    /// <summary>Records to copy now; none when nothing has to be copied.</summary>
    /// <param name="newest">The segment that they are copied to.</param>
    public List<(int Partition, LogRecord Record, Segment From)> Next(Segment newest)
    {
        var moves = new List<(int Partition, LogRecord Record, Segment From)>();
        while (moves.Count == 0 && (IsUnderWay(newest) || TryChoose(newest)))
        {
            Collect(_victim!, moves);

            // What its index does not know stays where it is.
            _victim!.IsPinned |= moves.Count == 0 && _victim.LiveRecords > 0 && _next >= _entries.Count;
        }

        return moves;
    }

    private bool IsUnderWay(Segment newest) => _victim is { LiveRecords: > 0, IsPinned: false } && _victim != newest && _next < _entries.Count;

    private bool TryChoose(Segment newest)
    {
        long total = 0;
        long live = 0;
        _victim = null;
        foreach (var segment in store.Segments.Values)
        {
            if (segment == newest || segment.IsPinned)
            {
                continue;
            }

            total += segment.Length;
            live += segment.LiveBytes;
            if (segment.LiveRecords > 0
                && (_victim is null || (double)segment.LiveBytes / segment.Length < (double)_victim.LiveBytes / _victim.Length))
            {
                _victim = segment;
            }
        }

        if (_victim is null || total <= (2 * live) + (FreeSegments * segmentBytes))
        {
            return false;
        }

        var contents = _victim.Contents ?? SegmentIndex.Read(store.Files, _victim.Number, store.Partitions, out _);
        _entries = contents?.Entries ?? [];
        _next = 0;
        _victim.IsPinned = contents is null;
        return true;
    }

    private void Collect(Segment victim, List<(int Partition, LogRecord Record, Segment From)> moves)
    {
        for (long bytes = 0; _next < _entries.Count && bytes < MaxBytes; _next++)
        {
            var entry = _entries[_next];
            var location = RecordLocation.At((int)victim.Number, entry.Offset, entry.Length);
            if (!store.Index[entry.Partition].IsAt(entry.Position, location))
            {
                continue;
            }

            if (victim.ReadRecord(entry.Partition, entry.Position, location) is { } record)
            {
                moves.Add((entry.Partition, record, victim));
                bytes += entry.Length;
            }
            else
            {
                // It cannot be copied, and says so to who reads it.
                damage.Report(entry.Partition, entry.Position, entry.Position);
                victim.IsPinned = true;
            }
        }
    }
}
