using OrleansMetrics.Grains.History;

namespace OrleansMetrics.Grains.Tests.History;

/// <summary>Chunks in memory.</summary>
internal sealed class MemoryChunks(StorageFaults? faults = null) : IChunkStore
{
    private readonly Dictionary<long, byte[]> _chunks = [];

    public IReadOnlyDictionary<long, byte[]> All => _chunks;

    /// <summary>Bytes of all chunks ever created.</summary>
    public long BytesWritten { get; private set; }

    public async Task<bool> TryCreateAsync(long id, byte[] chunk)
    {
        faults?.Before();
        BytesWritten += chunk.Length;
        var created = _chunks.TryAdd(id, chunk);
        faults?.After();
        await Task.CompletedTask;
        return created;
    }

    public Task<byte[]> PackAsync(byte[] rows) => Task.FromResult(HistoryMerge.ToColumns(rows));

    public async Task<byte[]?> ReadAsync(long id)
    {
        faults?.Before();
        await Task.CompletedTask;
        return _chunks.GetValueOrDefault(id);
    }

    public Task ClearAsync(long id)
    {
        _chunks.Remove(id);
        return Task.CompletedTask;
    }
}
