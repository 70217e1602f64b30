using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;

namespace OrleansMetrics.Gateway.Hosting;

/// <summary>
/// Memory of the web server's connections in blocks of 64 KiB instead of 4 KiB: a body of a few hundred KB is received with a few calls of the kernel and
/// parsed in a few pieces. A connection that waits for its sender holds none.
/// </summary>
internal sealed class ReceiveBuffers : IMemoryPoolFactory<byte>
{
    /// <inheritdoc />
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new Pool();

    private sealed class Pool : MemoryPool<byte>
    {
        private const int BlockSize = 64 * 1024;

        /// <summary>Kept for the next one to ask; more are left to the garbage collector.</summary>
        private const int MaxFree = 64;

        private readonly ConcurrentQueue<Block> _free = new();
        private int _count;

        public override int MaxBufferSize => BlockSize;

        public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockSize);
            if (!_free.TryDequeue(out var block))
            {
                return new Block(this);
            }

            Interlocked.Decrement(ref _count);
            block.Rent();
            return block;
        }

        protected override void Dispose(bool disposing) => _free.Clear();

        private void Return(Block block)
        {
            if (Interlocked.Increment(ref _count) <= MaxFree)
            {
                _free.Enqueue(block);
            }
            else
            {
                Interlocked.Decrement(ref _count);
            }
        }

        private sealed class Block(Pool pool) : IMemoryOwner<byte>
        {
            private int _isRented = 1;

            // Pinned once, not with every call.
            public Memory<byte> Memory { get; } = MemoryMarshal.CreateFromPinnedArray(GC.AllocateUninitializedArray<byte>(BlockSize, pinned: true), 0, BlockSize);

            public void Rent() => Volatile.Write(ref _isRented, 1);

            public void Dispose()
            {
                if (Interlocked.Exchange(ref _isRented, 0) == 1)
                {
                    pool.Return(this);
                }
            }
        }
    }
}
