using System.Runtime.InteropServices;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>
/// The registers of open windows of sets, in blocks of the heap: up to 512 that have a rank one by one, in order, then all. A block begins with the number of the former, or −1 for all.
/// </summary>
internal sealed class OpenElements(BlockHeap heap)
{
    private const int MaxFew = 512;
    private const int FirstFew = 3;
    private const int All = -1;
    private const int RankBits = 8;

    /// <summary>Takes one more element of a window. The caller counts it.</summary>
    public void Add(ref OpenWindow window, ulong hash)
    {
        var (register, rank) = HyperLogLog.Of(hash);
        Raise(ref window, register, rank);
    }

    /// <summary>Registers of a window that have a rank, at most.</summary>
    public int CountOf(in OpenWindow window) => window.Values.Block == 0 ? 0 : Header(window.Values.Block) is var few && few == All ? HyperLogLog.Size : few;

    /// <summary>Copies the registers of a window.</summary>
    public void CopyTo(in OpenWindow window, HyperLogLog registers)
    {
        registers.Clear();
        if (window.Values.Block == 0)
        {
            return;
        }

        var few = Header(window.Values.Block);
        if (few == All)
        {
            var ranks = Ranks(window.Values.Block);
            for (var register = 0; register < ranks.Length; register++)
            {
                if (ranks[register] > 0)
                {
                    registers.Raise(register, ranks[register]);
                }
            }

            return;
        }

        foreach (var entry in Few(window.Values.Block)[..few])
        {
            registers.Raise((int)(entry >> RankBits), (byte)entry);
        }
    }

    /// <summary>Gives a window, which has none, registers.</summary>
    public void CopyFrom(ref OpenWindow window, HyperLogLog registers)
    {
        foreach (var (register, rank) in registers)
        {
            Raise(ref window, register, rank);
        }
    }

    private void Raise(ref OpenWindow window, int register, byte rank)
    {
        ref var block = ref window.Values.Block;
        if (block == 0)
        {
            block = heap.Allocate(sizeof(int) + (FirstFew * sizeof(uint)));
            Header(block) = 0;
        }

        var few = Header(block);
        if (few == All)
        {
            ref var held = ref Ranks(block)[register];
            held = Math.Max(held, rank);
            return;
        }

        var entries = Few(block);
        var at = entries[..few].BinarySearch<uint, uint>((uint)register << RankBits);
        at = at < 0 ? ~at : at;
        if (at < few && entries[at] >> RankBits == register)
        {
            entries[at] = Math.Max(entries[at], ((uint)register << RankBits) | rank);
            return;
        }

        if (few == MaxFew)
        {
            TakeAll(ref block);
            Ranks(block)[register] = rank;
            return;
        }

        if (few == entries.Length)
        {
            var larger = heap.Allocate(sizeof(int) + (Math.Min(MaxFew, few * 2) * sizeof(uint)));
            heap.Bytes(block).CopyTo(heap.Bytes(larger));
            heap.Free(block);
            block = larger;
            entries = Few(block);
        }

        entries[at..few].CopyTo(entries[(at + 1)..]);
        entries[at] = ((uint)register << RankBits) | rank;
        Header(block) = few + 1;
    }

    private void TakeAll(ref uint block)
    {
        var all = heap.Allocate(sizeof(int) + HyperLogLog.Size);
        Header(all) = All;
        var ranks = Ranks(all);
        ranks.Clear();
        foreach (var entry in Few(block)[..Header(block)])
        {
            ranks[(int)(entry >> RankBits)] = (byte)entry;
        }

        heap.Free(block);
        block = all;
    }

    private ref int Header(uint block) => ref MemoryMarshal.AsRef<int>(heap.Bytes(block));

    private Span<uint> Few(uint block) => MemoryMarshal.Cast<byte, uint>(heap.Bytes(block)[sizeof(int)..]);

    private Span<byte> Ranks(uint block) => heap.Bytes(block).Slice(sizeof(int), HyperLogLog.Size);
}
