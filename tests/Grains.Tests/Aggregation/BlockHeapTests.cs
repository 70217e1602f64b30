using CsCheck;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.Tests.Aggregation;

public sealed class BlockHeapTests
{
    [Fact]
    public void Blocks_have_the_room_asked_for_and_never_overlap() => Gen.Select(
        Gen.Frequency((8, Gen.Int[1, 300]), (3, Gen.Int[300, 5_000]), (1, Gen.Int[5_000, 200_000])), Gen.Int[0, 9]).Array[1, 600].Sample(
        static steps =>
        {
            var heap = new BlockHeap();
            var blocks = new List<(uint Handle, int Bytes, byte Mark)>();
            byte mark = 0;
            foreach (var (bytes, what) in steps)
            {
                if (what < 4 && blocks.Count > 0)
                {
                    var at = bytes % blocks.Count;
                    heap.Free(Check(heap, blocks[at]));
                    blocks.RemoveAt(at);
                    continue;
                }

                var handle = heap.Allocate(bytes);
                Assert.NotEqual(0u, handle);
                Assert.Equal(heap.CapacityOf(handle), heap.Bytes(handle).Length);
                Assert.InRange(heap.CapacityOf(handle), bytes, bytes + bytes / 8 + 16);
                heap.Bytes(handle).Fill(++mark);
                blocks.Add((handle, bytes, mark));
            }

            blocks.ForEach(block => Check(heap, block));
        },
        iter: 300);

    [Fact]
    public void Memory_of_blocks_of_one_size_serves_blocks_of_another()
    {
        var heap = new BlockHeap();
        var least = long.MaxValue;
        for (var bytes = 16; bytes <= 512; bytes += 16)
        {
            // A megabyte of each size, one size after the other.
            var blocks = Enumerable.Range(0, (1 << 20) / bytes).Select(_ => heap.Allocate(bytes)).ToList();
            least = Math.Min(least, heap.AllocatedBytes);
            Assert.InRange(heap.AllocatedBytes, 1 << 20, 6 << 20);
            blocks.ForEach(heap.Free);
        }
    }

    [Fact]
    public void A_page_that_is_nearly_empty_is_sparse_until_its_blocks_have_moved()
    {
        var heap = new BlockHeap();
        var blocks = Enumerable.Range(0, 20_000).Select(_ => heap.Allocate(64)).ToArray();
        Assert.DoesNotContain(blocks, heap.IsSparse);
        var kept = blocks.Where(static (_, i) => i % 5 == 0).ToArray();
        foreach (var block in blocks.Except(kept))
        {
            heap.Free(block);
        }

        var before = heap.AllocatedBytes;
        for (var i = 0; i < kept.Length; i++)
        {
            if (heap.IsSparse(kept[i]))
            {
                var moved = heap.Allocate(64);
                heap.Free(kept[i]);
                kept[i] = moved;
            }
        }

        Assert.InRange(heap.AllocatedBytes, kept.Length * 64, before / 2);
    }

    private static uint Check(BlockHeap heap, (uint Handle, int Bytes, byte Mark) block)
    {
        Assert.True(heap.Bytes(block.Handle).IndexOfAnyExcept(block.Mark) < 0, "a block was overwritten");
        return block.Handle;
    }
}
