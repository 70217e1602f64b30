using System.Globalization;
using Orleans.Runtime;
using Orleans.Storage;

namespace OrleansMetrics.Grains.History;

/// <summary>Chunks of one metric in the storage that has the snapshots: a state of its own for each, named by its number.</summary>
internal sealed class GrainChunkStore(IGrainStorage storage, string metric) : IChunkStore
{
    private readonly GrainId _grain = GrainId.Create("history", metric);

    /// <inheritdoc />
    public async Task<bool> TryCreateAsync(long id, byte[] chunk)
    {
        try
        {
            // Without an ETag: only if there is none.
            await storage.WriteStateAsync(NameOf(id), _grain, new GrainState<ChunkState>(new ChunkState { Bytes = chunk }));
            return true;
        }
        catch (InconsistentStateException)
        {
            return false;
        }
    }

    /// <inheritdoc />
    public Task<byte[]> PackAsync(byte[] rows) => Task.Run(() => HistoryMerge.ToColumns(rows));

    /// <inheritdoc />
    public async Task<byte[]?> ReadAsync(long id) => (await ReadStateAsync(id)) is { RecordExists: true, State.Bytes: { Length: > 0 } bytes } ? bytes : null;

    /// <inheritdoc />
    public async Task ClearAsync(long id)
    {
        var state = await ReadStateAsync(id);
        if (state.RecordExists)
        {
            await storage.ClearStateAsync(NameOf(id), _grain, state);
        }
    }

    private static string NameOf(long id) => $"chunk-{id.ToString("x", CultureInfo.InvariantCulture)}";

    private async Task<GrainState<ChunkState>> ReadStateAsync(long id)
    {
        var state = new GrainState<ChunkState>(new ChunkState());
        await storage.ReadStateAsync(NameOf(id), _grain, state);
        return state;
    }
}
