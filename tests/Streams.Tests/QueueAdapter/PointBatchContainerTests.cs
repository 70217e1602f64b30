using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Orleans.Streams;
using OrleansMetrics.Streams.PointLog;
using OrleansMetrics.Streams.QueueAdapter;

namespace OrleansMetrics.Streams.Tests.QueueAdapter;

public sealed class PointBatchContainerTests
{
    private readonly ServiceProvider _services = new ServiceCollection().AddSerializer().BuildServiceProvider();
    private readonly PointBatchContainer _container = new(
        PartitionQueueMapper.StreamOf(3), new LogRecord(7, 8, 9, new ReadOnlyMemory<byte>([0, 1, 2, 3, 4], 1, 3)));

    [Fact]
    public void A_container_survives_the_way_to_another_silo()
    {
        var serializer = _services.GetRequiredService<Serializer>();

        var copy = serializer.Deserialize<IBatchContainer>(serializer.SerializeToArray<IBatchContainer>(_container))!;

        var (record, token) = Assert.Single(copy.GetEvents<LogRecord>());
        Assert.Equal(_container.StreamId, copy.StreamId);
        Assert.Equal(_container.SequenceToken, token);
        Assert.Equal((7, 8, 9), (record.Position, record.IngestedAt, record.PointsThrough));
        Assert.Equal([1, 2, 3], record.Payload.ToArray());
    }

    [Fact]
    public void A_container_is_not_copied_within_a_silo()
    {
        Assert.Same(_container, _services.GetRequiredService<DeepCopier>().Copy(_container));
    }

    [Fact]
    public void A_container_holds_no_events_of_another_type() => Assert.Empty(_container.GetEvents<string>());
}
