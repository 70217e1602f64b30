using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Runtime;
using Orleans.Streams;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Streams.QueueAdapter;

/// <summary>
/// Brings the records of an <see cref="IPointLog"/> to grains as the persistent streams <c>points/{partition}</c>. Read only: points
/// enter through the log.
/// </summary>
public sealed class PointQueueAdapterFactory : IQueueAdapterFactory, IQueueAdapter, IQueueAdapterCache
{
    private readonly IPointLog _log;
    private readonly PointStreamOptions _options;
    private readonly TimeProvider _time;
    private readonly PartitionQueueMapper _mapper;
    private readonly ConcurrentDictionary<QueueId, PointQueueCache> _caches = new();

    /// <summary>Makes the adapter of a log.</summary>
    /// <param name="name">The stream provider's name.</param>
    /// <param name="log">The log; stays the caller's.</param>
    /// <param name="options">Bounds.</param>
    /// <param name="timeProvider">The clock of the long poll.</param>
    public PointQueueAdapterFactory(string name, IPointLog log, PointStreamOptions options, TimeProvider timeProvider)
    {
        Name = name;
        _log = log;
        _options = options;
        _time = timeProvider;
        _mapper = new PartitionQueueMapper(log.Partitions);
    }

    /// <inheritdoc />
    public string Name { get; }

    /// <summary>False: a consumer that misses records reads them from the log.</summary>
    public bool IsRewindable => false;

    /// <inheritdoc />
    public StreamProviderDirection Direction => StreamProviderDirection.ReadOnly;

    /// <summary>Makes the adapter from a silo's services: <see cref="IPointLog"/>, <see cref="PointStreamOptions"/>, <see cref="TimeProvider"/>.</summary>
    public static PointQueueAdapterFactory Create(IServiceProvider services, string name) => new(
        name,
        services.GetRequiredService<IPointLog>(),
        services.GetRequiredService<IOptions<PointStreamOptions>>().Value,
        services.GetService<TimeProvider>() ?? TimeProvider.System);

    /// <inheritdoc />
    [Obsolete("Use the overload which accepts a CancellationToken.")]
    public Task<IQueueAdapter> CreateAdapter() => Task.FromResult<IQueueAdapter>(this);

    /// <inheritdoc />
    public Task<IQueueAdapter> CreateAdapter(CancellationToken cancellationToken) => Task.FromResult<IQueueAdapter>(this);

    /// <inheritdoc />
    public IQueueAdapterCache GetQueueAdapterCache() => this;

    /// <inheritdoc />
    public IStreamQueueMapper GetStreamQueueMapper() => _mapper;

    /// <inheritdoc />
    public Task<IStreamFailureHandler> GetDeliveryFailureHandler(QueueId queueId) =>
        Task.FromResult<IStreamFailureHandler>(new NoOpStreamDeliveryFailureHandler());

    /// <inheritdoc />
    /// <remarks>The agent of a queue asks for its cache and right after that for its receiver, which share the bound.</remarks>
    public IQueueCache CreateQueueCache(QueueId queueId) => _caches[queueId] = new PointQueueCache(_options, _time);

    /// <inheritdoc />
    public IQueueAdapterReceiver CreateReceiver(QueueId queueId)
    {
        if (!_caches.TryRemove(queueId, out var cache))
        {
            throw new InvalidOperationException($"The cache of queue {queueId} must be created before its receiver.");
        }

        return new PointQueueReceiver(_log, PartitionQueueMapper.PartitionOf(queueId), cache, _options, _time);
    }

    /// <summary>Not supported: batches enter through <see cref="IPointLog.AppendAsync"/>, which answers when they are durable.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public Task QueueMessageBatchAsync<T>(
        StreamId streamId, IEnumerable<T> events, StreamSequenceToken? token, Dictionary<string, object>? requestContext) =>
        throw new NotSupportedException($"The streams of '{Name}' are read only; append to the point log instead.");
}
