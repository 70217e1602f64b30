using System.Buffers.Text;
using Orleans.Runtime;
using Orleans.Runtime.Placement;
using OrleansMetrics.Contracts.Partitions;
using OrleansMetrics.Streams.Placement;

namespace OrleansMetrics.Grains.Placement;

/// <summary>Puts partitions, their flushers and their aggregators on the silo that pulls the partition's queue.</summary>
internal sealed class PartitionPlacementDirector(PartitionOwnership ownership) : IPlacementDirector
{
    /// <inheritdoc />
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var partition = PartitionOf(strategy, target.GrainIdentity.Key.AsSpan());
        var silos = context.GetCompatibleSilos(target);

        // As Orleans' own directors do: who moves a grain on purpose may say where. The keeper brings it back.
        if (IPlacementDirector.GetPlacementHint(target.RequestContextData, silos) is { } hint)
        {
            return Task.FromResult(hint);
        }

        // A silo that has only just joined may not be known to run this grain; the keeper moves the grain there later.
        return Task.FromResult(ownership.OwnerAmong(partition, silos) ?? silos[partition % silos.Length]);
    }

    // A key that names no partition is refused by the grain itself.
    private int PartitionOf(PlacementStrategy strategy, ReadOnlySpan<byte> key) =>
        strategy is MetricPlacement ? PartitionKey.Of(key, ownership.Partitions)
        : Utf8Parser.TryParse(key, out int partition, out var read) && read == key.Length && (uint)partition < (uint)ownership.Partitions ? partition
        : 0;
}
