namespace OrleansMetrics.Grains.Aggregation;

/// <summary>
/// The windows of all series that take no points at present: final ones, and open ones that their series has gone past. Those of a
/// series are in one block, by start and then length, each in the bytes of <see cref="WindowCodec"/> behind its head.
/// </summary>
/// <remarks>
/// Windows beyond those to be kept are thrown out when their room is needed; until then whoever reads passes over them.
/// </remarks>
internal sealed class PackedWindows(SeriesTable table, BlockHeap heap, int retained)
{
    private const int MaxHeadBytes = 2 * SnapshotWriter.MaxVarintBytes;

    /// <summary>Of the thread: metrics are many, and each rebuilds within a call.</summary>
    [ThreadStatic]
    private static byte[]? s_rebuilt;

    /// <summary>Windows that end at or before this are final, and nobody waits to be told of them.</summary>
    public long ClosedThrough { get; set; } = long.MinValue;

    /// <summary>
    /// Windows that end at or before this came from a snapshot as final ones. A series keeps them, even if fewer are to be kept now,
    /// until its next window is final.
    /// </summary>
    public long RestoredThrough { get; set; } = long.MinValue;

    /// <summary>Windows that end after this are kept, however many: history does not have them yet. <see cref="long.MaxValue"/>: there is no history.</summary>
    public long KeptAfter { get; set; } = long.MaxValue;

    /// <summary>Windows that end at or before this are so old that a series last seen in them is expired: only history still has them.</summary>
    public long ExpiredThrough { get; set; } = long.MinValue;

    /// <summary>The packed windows of a series.</summary>
    public PackedReader Read(int row)
    {
        ref var history = ref table.Histories[row];
        return new PackedReader(BytesOf(history), history.From, history.FromSize);
    }

    /// <summary>The bytes of the packed windows of a series.</summary>
    public ReadOnlySpan<byte> Bytes(int row) => BytesOf(table.Histories[row]);

    /// <summary>Brings the ends of a series' packed windows into the cache. The result has no meaning, but must be used.</summary>
    public int Touch(int row)
    {
        ref var history = ref table.Histories[row];
        return history.Packed == 0 ? 0 : heap.At(history.Packed, 0) + heap.At(history.Packed, history.PackedBytes - 1);
    }

    /// <summary>Finds the window with this place in time.</summary>
    public bool TryFind(int row, long start, int size, out PackedReader found)
    {
        ref var history = ref table.Histories[row];
        found = default;
        if (history.PackedWindows == 0 || (!history.HasGaps && start >= history.From + (long)history.PackedWindows * history.FromSize))
        {
            return false;
        }

        return TryFindAmong(row, start, size, out found);
    }

    private bool TryFindAmong(int row, long start, int size, out PackedReader found)
    {
        found = Read(row);
        while (found.MoveNext())
        {
            if (found.Start == start && found.Size == size)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Adds a window that is not there.</summary>
    public void Add(int row, long start, int size, ReadOnlySpan<byte> body)
    {
        ref var history = ref table.Histories[row];
        if (history.PackedWindows == 0)
        {
            history.From = start;
            history.FromSize = size;
            history.HasGaps = false;
        }

        if (!history.HasGaps && size == history.FromSize && start == history.From + (long)history.PackedWindows * size && body.Length < 0x80)
        {
            // Nearly always: the window after the last one, and few bytes.
            MakeRoom(ref history, body.Length + 2);
            var next = heap.Bytes(history.Packed)[history.PackedBytes..];
            next[0] = 0;
            next[1] = (byte)body.Length;
            body.CopyTo(next[2..]);
            history.PackedBytes += body.Length + 2;
            history.PackedWindows++;
            return;
        }

        AddElsewhere(ref history, start, size, body);
    }

    private void AddElsewhere(ref SeriesHistory history, long start, int size, ReadOnlySpan<byte> body)
    {
        var (lastStart, lastSize) = LastOf(history);
        if (history.PackedWindows > 0 && (start < lastStart || (start == lastStart && size <= lastSize)))
        {
            Rebuild(ref history, start, size, body, insert: true);
            return;
        }

        Span<byte> head = stackalloc byte[MaxHeadBytes + SnapshotWriter.MaxVarintBytes];
        var end = history.PackedWindows == 0 ? start : lastStart + lastSize;
        var headLength = PackedReader.WriteHead(head, end, history.PackedWindows == 0 ? size : lastSize, start, size);
        headLength += SnapshotWriter.Encode(head[headLength..], (ulong)body.Length);

        MakeRoom(ref history, headLength + body.Length);
        history.HasGaps |= head[0] != 0;
        var free = heap.Bytes(history.Packed)[history.PackedBytes..];
        head[..headLength].CopyTo(free);
        body.CopyTo(free[headLength..]);
        history.PackedBytes += headLength + body.Length;
        history.PackedWindows++;
    }

    /// <summary>Takes a window out.</summary>
    public void Remove(int row, long start, int size)
    {
        ref var history = ref table.Histories[row];
        var (lastStart, lastSize) = LastOf(history);
        if (start != lastStart || size != lastSize)
        {
            Rebuild(ref history, start, size, default, insert: false);
            return;
        }

        var packed = Read(row);
        while (packed.MoveNext())
        {
            history.PackedBytes = packed.Offset;
        }

        history.PackedWindows--;
        FreeIfEmpty(ref history);
    }

    /// <summary>Throws out windows of a series that are too many now, rather than when their room is needed.</summary>
    public void Trim(int row)
    {
        ref var history = ref table.Histories[row];
        if (history.PackedWindows <= retained)
        {
            return;
        }

        DropExcess(ref history);
        if (history.PackedBytes * 2 < heap.CapacityOf(history.Packed))
        {
            Move(ref history, history.PackedBytes);
        }
    }

    /// <summary>Takes over windows of a series, which has none, in their one form.</summary>
    public void Restore(int row, long from, int fromSize, int windows, bool hasGaps, ReadOnlySpan<byte> bytes)
    {
        ref var history = ref table.Histories[row];
        history.From = from;
        history.FromSize = fromSize;
        history.HasGaps = hasGaps;
        history.PackedWindows = windows;
        history.PackedBytes = bytes.Length;
        history.Packed = heap.Allocate(bytes.Length);
        bytes.CopyTo(heap.Bytes(history.Packed));
    }

    /// <summary>How many of the packed windows of a series without gaps are too many, by what is final at a time.</summary>
    public int ExcessOf(in SeriesHistory history, long finalThrough)
    {
        // One or none nearly always: counting is cheaper than dividing.
        var excess = 0;
        var end = history.From + (retained + 1L) * history.FromSize;
        var most = KeptAfter == long.MaxValue ? finalThrough : Math.Min(finalThrough, KeptAfter + (long)retained * history.FromSize);
        while (retained + excess < history.PackedWindows && end <= most)
        {
            excess++;
            end += history.FromSize;
        }

        return end - history.FromSize > RestoredThrough || KeptAfter != long.MaxValue ? excess : 0;
    }

    private ReadOnlySpan<byte> BytesOf(in SeriesHistory history) =>
        history.Packed == 0 ? default : heap.Bytes(history.Packed)[..history.PackedBytes];

    private (long Start, int Size) LastOf(in SeriesHistory history)
    {
        if (!history.HasGaps)
        {
            return (history.From + (history.PackedWindows - 1L) * history.FromSize, history.FromSize);
        }

        var packed = new PackedReader(BytesOf(history), history.From, history.FromSize);
        while (packed.MoveNext())
        {
        }

        return (packed.Start, packed.Size);
    }

    private void MakeRoom(ref SeriesHistory history, int bytes)
    {
        var capacity = history.Packed == 0 ? 0 : heap.CapacityOf(history.Packed);
        if (history.PackedBytes + bytes <= capacity)
        {
            if (heap.IsSparse(history.Packed))
            {
                Move(ref history, capacity);
            }

            return;
        }

        DropExcess(ref history);
        var needed = history.PackedBytes + bytes;

        // A block that has become twice too large is given back as well.
        if (needed > capacity || needed * 2 < capacity || (capacity > 0 && heap.IsSparse(history.Packed)))
        {
            Move(ref history, needed);
        }
    }

    private void Move(ref SeriesHistory history, int capacity)
    {
        var block = heap.Allocate(capacity);
        if (history.Packed != 0)
        {
            BytesOf(history).CopyTo(heap.Bytes(block));
            heap.Free(history.Packed);
        }

        history.Packed = block;
    }

    /// <summary>Throws out final windows that are too many.</summary>
    private void DropExcess(ref SeriesHistory history)
    {
        if (history.HasGaps)
        {
            DropExcessBetweenGaps(ref history);
            return;
        }

        var excess = ExcessOf(history, ClosedThrough);
        if (excess > 0)
        {
            var bytes = heap.Bytes(history.Packed)[..history.PackedBytes];
            var dropped = bytes[1] + 2;
            if (excess > 1 || dropped >= 0x82)
            {
                var packed = new PackedReader(bytes, history.From, history.FromSize);
                for (var i = 0; i < excess; i++)
                {
                    packed.MoveNext();
                }

                dropped = packed.Next;
            }

            bytes[dropped..].CopyTo(bytes);
            history.From += (long)excess * history.FromSize;
            history.PackedBytes -= dropped;
            history.PackedWindows -= excess;
        }
    }

    /// <summary>Also finds out whether there still are gaps.</summary>
    private void DropExcessBetweenGaps(ref SeriesHistory history)
    {
        var excess = -retained;
        var lastEnd = long.MinValue;
        for (var all = new PackedReader(BytesOf(history), history.From, history.FromSize); all.MoveNext();)
        {
            if (all.End <= ClosedThrough)
            {
                excess++;
                lastEnd = Math.Max(lastEnd, all.End);
            }
        }

        excess = lastEnd > RestoredThrough || KeptAfter != long.MaxValue ? excess : 0;
        var output = Rebuilding(history, 0);
        for (var packed = new PackedReader(BytesOf(history), history.From, history.FromSize); packed.MoveNext();)
        {
            if (packed.End > ClosedThrough || packed.End > KeptAfter || excess-- <= 0)
            {
                output.Write(packed.Start, packed.Size, packed.Body);
            }
        }

        Take(ref history, output);
    }

    /// <summary>Puts a window in at its place, or takes it out. Rare: a point that came late, or a restart with another length of windows.</summary>
    private void Rebuild(ref SeriesHistory history, long start, int size, ReadOnlySpan<byte> body, bool insert)
    {
        var output = Rebuilding(history, body.Length);
        var packed = new PackedReader(BytesOf(history), history.From, history.FromSize);
        while (packed.MoveNext())
        {
            if (insert && (packed.Start > start || (packed.Start == start && packed.Size > size)))
            {
                output.Write(start, size, body);
                insert = false;
            }

            if (packed.Start != start || packed.Size != size)
            {
                output.Write(packed.Start, packed.Size, packed.Body);
            }
        }

        Take(ref history, output);
        FreeIfEmpty(ref history);
    }

    private static PackedWriter Rebuilding(in SeriesHistory history, int more)
    {
        var most = history.PackedBytes + more + (history.PackedWindows + 1) * (MaxHeadBytes + SnapshotWriter.MaxVarintBytes);
        if (s_rebuilt is not { } rebuilt || rebuilt.Length < most)
        {
            s_rebuilt = rebuilt = new byte[Math.Max(256, most)];
        }

        return new PackedWriter(rebuilt);
    }

    private void Take(ref SeriesHistory history, in PackedWriter windows)
    {
        if (windows.Windows > 0)
        {
            history.From = windows.From;
            history.FromSize = windows.FromSize;
        }

        history.HasGaps = windows.HasGaps;
        history.PackedWindows = windows.Windows;
        history.PackedBytes = 0;
        if (windows.Length > heap.CapacityOf(history.Packed))
        {
            Move(ref history, windows.Length);
        }

        windows.Written.CopyTo(heap.Bytes(history.Packed));
        history.PackedBytes = windows.Length;
    }

    private void FreeIfEmpty(ref SeriesHistory history)
    {
        if (history.PackedWindows == 0)
        {
            heap.Free(history.Packed);
            history.Packed = 0;
            history.PackedBytes = 0;
        }
    }
}
