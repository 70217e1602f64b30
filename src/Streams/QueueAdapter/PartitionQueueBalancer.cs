using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using Orleans.Streams;
using OrleansMetrics.Streams.Placement;

namespace OrleansMetrics.Streams.QueueAdapter;

/// <summary>Gives a silo the queues of the partitions that live on it.</summary>
internal sealed class PartitionQueueBalancer(PartitionOwnership ownership, IServiceProvider services, ILogger<PartitionQueueBalancer> logger)
    : QueueBalancerBase(services, logger)
{
    private IStreamQueueMapper? _mapper;

    /// <inheritdoc />
    public override Task Initialize(IStreamQueueMapper queueMapper)
    {
        _mapper = queueMapper;
        return base.Initialize(queueMapper);
    }

    /// <inheritdoc />
    public override IEnumerable<QueueId> GetMyQueues() =>
        _mapper!.GetAllQueues().Where(queue => ownership.IsHere(PartitionQueueMapper.PartitionOf(queue)));

    /// <inheritdoc />
    protected override void OnClusterMembershipChange(HashSet<SiloAddress> activeSilos) => NotifyListeners().Ignore();
}
