using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;
using OrleansMetrics.Grains;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Faults.Injection;

/// <summary>Puts the faulty stores in front of those that a node or silo has registered.</summary>
internal static class ServiceDecoration
{
    /// <summary>Decorates the registered snapshot storage.</summary>
    public static IServiceCollection DecorateSnapshots(this IServiceCollection services, FaultInjector injector)
    {
        var registered = services.Last(static service => service.IsKeyedService
            && service.ServiceType == typeof(IGrainStorage) && Equals(service.ServiceKey, GrainStorageNames.Snapshots));
        services.Remove(registered);
        return services.AddKeyedSingleton<IGrainStorage>(
            GrainStorageNames.Snapshots,
            (provider, key) => new FaultyGrainStorage((IGrainStorage)registered.KeyedImplementationFactory!(provider, key), injector));
    }

    /// <summary>Decorates the registered log.</summary>
    public static IServiceCollection DecorateLog(this IServiceCollection services, FaultInjector injector)
    {
        var registered = services.Last(static service => !service.IsKeyedService && service.ServiceType == typeof(IPointLog));
        services.Remove(registered);
        return services.AddSingleton<IPointLog>(
            provider => new FaultyPointLog((IPointLog)registered.ImplementationFactory!(provider), injector));
    }
}
