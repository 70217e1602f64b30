using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Hosting;
using Orleans.Runtime;
using OrleansMetrics.Streams.Placement;

namespace OrleansMetrics.Grains.Placement;

/// <summary>Registers the placement of partitions on a silo.</summary>
public static class PlacementServices
{
    /// <summary>Adds what places partitions and moves them. The silo provides the point log.</summary>
    public static IServiceCollection AddPartitionPlacement(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton<PartitionOwnership>();
        services.TryAddSingleton<PartitionResidents>();
        services.AddPlacementDirector<PartitionPlacement, PartitionPlacementDirector>();
        services.AddPlacementDirector<MetricPlacement, PartitionPlacementDirector>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, PartitionKeeper>();
        return services;
    }
}
