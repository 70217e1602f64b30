using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Hosting;
using Orleans.Streams;
using OrleansMetrics.Contracts.Partitions;
using OrleansMetrics.Streams.Placement;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Streams.QueueAdapter;

/// <summary>Registers the point streams on a silo.</summary>
public static class PointStreamsHostingExtensions
{
    /// <summary>
    /// Adds the stream provider <see cref="PartitionKey.StreamNamespace"/>, which reads the registered <see cref="IPointLog"/>. Only
    /// implicit subscriptions receive. A silo reads the partitions that live on it (<see cref="PartitionOwnership"/>). Options come from the
    /// section <see cref="PointStreamOptions.Section"/>.
    /// </summary>
    public static ISiloBuilder AddPointStreams(this ISiloBuilder builder)
    {
        builder.Services.AddOptions<PointStreamOptions>().BindConfiguration(PointStreamOptions.Section).ValidateOnStart();
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<PointStreamOptions>, PointStreamOptionsValidator>());
        builder.Services.TryAddSingleton<PartitionOwnership>();
        return builder.AddPersistentStreams(PartitionKey.StreamNamespace, PointQueueAdapterFactory.Create, stream =>
        {
            stream.ConfigureStreamPubSub(StreamPubSubType.ImplicitOnly);
            stream.ConfigurePartitionBalancing(static (services, _) => ActivatorUtilities.CreateInstance<PartitionQueueBalancer>(services));
            stream.ConfigurePullingAgent(agent => agent.Configure<IOptions<PointStreamOptions>>((options, points) =>
            {
                options.GetQueueMsgsTimerPeriod = points.Value.PullPause;
                options.MaxEventDeliveryTime = points.Value.MaxDeliveryTime;
                options.BatchContainerBatchSize = 1;
            }));
        });
    }
}
