using System.Buffers.Binary;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>The final windows of all series: encoded, per series a list of blocks from the oldest to the newest, of bounded length.</summary>
internal sealed class FinalWindows(SeriesTable table, BlockHeap heap, int retained)
{
    // A block: handle of the next newer one (4 bytes), length (2), the encoded window.
    private const int HeaderLength = 6;

    private readonly Window _window = new();

    /// <summary>The oldest final window of a series; 0 when there is none.</summary>
    public uint First(int ordinal) => table.Histories[ordinal].Oldest;

    /// <summary>The bytes of a final window, for <see cref="WindowCodec.Read"/>.</summary>
    public ReadOnlySpan<byte> Read(uint handle, out uint next)
    {
        var header = heap.Bytes(handle, HeaderLength);
        next = BinaryPrimitives.ReadUInt32LittleEndian(header);
        var length = BinaryPrimitives.ReadUInt16LittleEndian(header[4..]);
        return heap.Bytes(handle, HeaderLength + length)[HeaderLength..];
    }

    /// <summary>Appends the newest and drops what is then too many into the totals.</summary>
    public void Append(int ordinal, ReadOnlySpan<byte> encoded)
    {
        var length = HeaderLength + encoded.Length;
        var block = heap.Allocate(BlockHeap.WordsFor(length));
        var bytes = heap.Bytes(block, length);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, 0);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[4..], (ushort)encoded.Length);
        encoded.CopyTo(bytes[HeaderLength..]);

        ref var history = ref table.Histories[ordinal];
        if (history.Newest == 0)
        {
            history.Oldest = block;
        }
        else
        {
            BinaryPrimitives.WriteUInt32LittleEndian(heap.Bytes(history.Newest, sizeof(uint)), block);
        }

        history.Newest = block;
        history.FinalWindows++;
        while (history.FinalWindows > retained)
        {
            DropOldest(ref history);
        }
    }

    private void DropOldest(ref SeriesHistory history)
    {
        var block = history.Oldest;
        var encoded = Read(block, out var next);
        WindowCodec.Read(encoded, _window);
        history.Dropped.Add(_window.Totals);
        history.Oldest = next;
        history.Newest = next == 0 ? 0 : history.Newest;
        history.FinalWindows--;
        heap.Free(block, BlockHeap.WordsFor(HeaderLength + encoded.Length));
    }
}
