using OrleansMetrics.Grains.History;

namespace OrleansMetrics.Grains.Tests.History;

/// <summary>Chunks in memory.</summary>
internal sealed class MemoryChunks : IChunkStore
{
    private readonly Dictionary<long, byte[]> _chunks = [];

    public IReadOnlyDictionary<long, byte[]> All => _chunks;

    /// <summary>Bytes of all chunks ever created.</summary>
    public long BytesWritten { get; private set; }

    public Task<bool> TryCreateAsync(long id, byte[] chunk)
    {
        BytesWritten += chunk.Length;
        return Task.FromResult(_chunks.TryAdd(id, chunk));
    }

    public Task<byte[]?> ReadAsync(long id) => Task.FromResult(_chunks.GetValueOrDefault(id));

    public Task ClearAsync(long id)
    {
        _chunks.Remove(id);
        return Task.CompletedTask;
    }
}
