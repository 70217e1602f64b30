using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace OrleansMetrics.Streams.Batching;

/// <summary>Registers <see cref="PointTimeOptions"/>.</summary>
public static class PointTimeServices
{
    /// <summary>Adds the options. Repeating the call changes nothing.</summary>
    public static IServiceCollection AddPointTimes(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<PointTimeOptions>().Bind(configuration.GetSection(PointTimeOptions.Section)).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<PointTimeOptions>, PointTimeOptions.Validator>());
        return services;
    }
}
