using System.Collections.Concurrent;
using Orleans.Streams;
using Orleans.Streams.Core;
using OrleansMetrics.Contracts.Partitions;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Streams.Tests.QueueAdapter;

public interface IRecordingGrain : IGrainWithStringKey;

/// <summary>Stands for the partition: remembers the positions that the stream brings.</summary>
[ImplicitStreamSubscription(PartitionKey.StreamNamespace)]
public sealed class RecordingGrain : Grain, IRecordingGrain, IStreamSubscriptionObserver, IAsyncObserver<LogRecord>
{
    public static ConcurrentDictionary<string, ConcurrentQueue<long>> Positions { get; } = new();

    public static SemaphoreSlim Arrived { get; } = new(0);

    public async Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory) =>
        await handleFactory.Create<LogRecord>().ResumeAsync(this);

    public Task OnNextAsync(LogRecord item, StreamSequenceToken? token = null)
    {
        Positions.GetOrAdd(this.GetPrimaryKeyString(), _ => []).Enqueue(item.Position);
        Arrived.Release();
        return Task.CompletedTask;
    }

    public Task OnErrorAsync(Exception ex) => Task.CompletedTask;
}
