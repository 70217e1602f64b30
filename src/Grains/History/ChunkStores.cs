using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;

namespace OrleansMetrics.Grains.History;

/// <summary>The chunks of any metric, in the storage that has the snapshots.</summary>
public sealed class ChunkStores(IServiceProvider services)
{
    private readonly IGrainStorage _storage = services.GetRequiredKeyedService<IGrainStorage>(GrainStorageNames.Snapshots);

    internal IChunkStore Of(string metric) => new GrainChunkStore(_storage, metric);
}
