using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Streams.Batching;

/// <summary>Registers the process-wide <see cref="SeriesCache"/>.</summary>
public static class SeriesCacheServices
{
    /// <summary>Adds one <see cref="SeriesCache"/> for the partitions of the registered <see cref="IPointLog"/>. Repeating the call changes nothing.</summary>
    public static IServiceCollection AddSeriesCache(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<SeriesCacheOptions>().Bind(configuration.GetSection(SeriesCacheOptions.Section)).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<SeriesCacheOptions>, SeriesCacheOptionsValidator>());
        services.TryAddSingleton(provider => new SeriesCache(
            provider.GetRequiredService<IPointLog>().Partitions, provider.GetRequiredService<IOptions<SeriesCacheOptions>>().Value));
        return services;
    }
}
