using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using OrleansMetrics.Streams.Batching;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Streams.Hosting;

/// <summary>Registers the way from a request's points into the log.</summary>
public static class BatchingServices
{
    /// <summary>
    /// Adds the batcher and its statistics, with options <c>Batching</c>, <c>Partitions</c> and <see cref="PointTimeOptions"/>. The host provides besides: an
    /// <see cref="IPointLog"/> and a <see cref="GatewayId"/>.
    /// </summary>
    public static IServiceCollection AddBatching(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configuration);
        services.AddOptions<BatchingOptions>().Bind(configuration.GetSection("Batching")).ValidateOnStart();
        services.AddSingleton<IValidateOptions<BatchingOptions>, BatchingOptions.Validator>();
        services.AddOptions<PartitionOptions>().Bind(configuration.GetSection("Partitions")).ValidateOnStart();
        services.AddSingleton<IValidateOptions<PartitionOptions>, PartitionOptions.Validator>();
        services.AddPointTimes(configuration);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IngestStatistics>();
        services.AddSingleton<PointBatcher>();
        services.AddSingleton<IPointBatcher>(static provider => provider.GetRequiredService<PointBatcher>());
        return services;
    }
}
