using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Streams;
using OrleansMetrics.Streams.PointLog;
using OrleansMetrics.Streams.PointLog.Sqlite;
using OrleansMetrics.Streams.QueueAdapter;
using OrleansMetrics.Streams.Tests.PointLog;

namespace OrleansMetrics.Streams.Tests.QueueAdapter;

public sealed class PointQueueReceiverTests : IAsyncLifetime, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly TemporaryDirectory _directory = new();
    private readonly PointStreamOptions _options = new() { LongPoll = TimeSpan.FromMinutes(1), ReadMaxBytes = 1024, StreamCacheMaxBytes = 64 * 1024 };
    private readonly SqlitePointLog _log;
    private readonly PointQueueAdapterFactory _factory;

    public PointQueueReceiverTests()
    {
        _log = SqlitePointLog.Open(_directory.File("points.db"), 4, new PointLogOptions(), TimeProvider.System, NullLogger.Instance);
        _factory = new PointQueueAdapterFactory("points", _log, _options, TimeProvider.System);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _log.DisposeAsync();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task The_receiver_starts_at_the_last_record_and_follows_the_log()
    {
        await AppendAsync(2, 5);
        var (receiver, _) = await StartAsync(partition: 2);

        Assert.Equal([5L], Positions(await receiver.GetQueueMessagesAsync(1000, default)));
        var next = receiver.GetQueueMessagesAsync(1000, default);
        Assert.False(next.IsCompleted);
        await AppendAsync(2, 1);

        Assert.Equal([6L], Positions(await next.WaitAsync(Patience)));
    }

    [Fact]
    public async Task A_log_trimmed_to_its_head_brings_nothing_old()
    {
        await AppendAsync(0, 5);
        await _log.TrimAsync(0, 5, default);
        var (receiver, _) = await StartAsync(partition: 0);
        var next = receiver.GetQueueMessagesAsync(1000, default);

        await AppendAsync(0, 1);

        Assert.Equal([6L], Positions(await next.WaitAsync(Patience)));
    }

    [Fact]
    public async Task A_read_keeps_to_its_bytes_and_the_next_goes_on_after_it()
    {
        var (receiver, _) = await StartAsync(partition: 0);
        await AppendAsync(0, 30);

        var positions = new List<long>();
        while (positions.Count < 30)
        {
            var messages = await receiver.GetQueueMessagesAsync(1000, default);
            Assert.InRange(messages.Count, 1, 10);
            positions.AddRange(Positions(messages));
        }

        Assert.Equal(Enumerable.Range(1, 30).Select(position => (long)position), positions);
    }

    [Fact]
    public async Task A_read_that_waits_ends_promptly_when_cancelled_or_shut_down()
    {
        var (receiver, _) = await StartAsync(partition: 0);
        using var cancel = new CancellationTokenSource();
        var cancelled = receiver.GetQueueMessagesAsync(1000, cancel.Token);
        await cancel.CancelAsync();
        Assert.Empty(await cancelled.WaitAsync(Patience));

        var waiting = receiver.GetQueueMessagesAsync(1000, default);
        await receiver.Shutdown(TimeSpan.FromSeconds(5));
        Assert.Empty(await waiting.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_full_cache_makes_the_receiver_wait_until_the_consumer_moves_on()
    {
        var (receiver, cache) = await StartAsync(partition: 0);
        var cursor = cache.TryGetCacheCursor(PartitionQueueMapper.StreamOf(0), null).Cursor!;
        await _log.AppendAsync([new LogAppend(0, new byte[_options.StreamCacheMaxBytes], 1)], default);
        cache.AddToCache(await receiver.GetQueueMessagesAsync(1000, default));
        await AppendAsync(0, 1);

        var next = receiver.GetQueueMessagesAsync(1000, default);
        cursor.MoveNextWithResult();
        Assert.False(next.IsCompleted);
        cursor.MoveNextWithResult();

        Assert.Equal([2L], Positions(await next.WaitAsync(Patience)));
    }

    [Fact]
    public void Every_partition_has_a_queue_and_every_stream_of_a_partition_maps_to_it()
    {
        var mapper = _factory.GetStreamQueueMapper();
        var queues = mapper.GetAllQueues().ToArray();

        Assert.Equal(4, queues.Distinct().Count());
        for (var partition = 0; partition < 4; partition++)
        {
            Assert.Equal(queues[partition], mapper.GetQueueForStream(PartitionQueueMapper.StreamOf(partition)));
            Assert.Equal(partition, PartitionQueueMapper.PartitionOf(queues[partition]));
        }

        Assert.Throws<ArgumentException>(() => mapper.GetQueueForStream(PartitionQueueMapper.StreamOf(4)));
    }

    [Fact]
    public async Task The_stream_takes_no_points()
    {
        Assert.False(_factory.IsRewindable);
        Assert.Equal(StreamProviderDirection.ReadOnly, _factory.Direction);
        await Assert.ThrowsAsync<NotSupportedException>(
            () => _factory.QueueMessageBatchAsync(PartitionQueueMapper.StreamOf(0), new[] { 1 }, null, null));
    }

    private static IEnumerable<long> Positions(IEnumerable<IBatchContainer> messages) => messages.Select(message => message.SequenceToken.SequenceNumber);

    private async Task<(IQueueAdapterReceiver Receiver, IQueueCache Cache)> StartAsync(int partition)
    {
        var queue = _factory.GetStreamQueueMapper().GetAllQueues().ElementAt(partition);
        var cache = _factory.CreateQueueCache(queue);
        var receiver = _factory.CreateReceiver(queue);
        await receiver.Initialize(TimeSpan.FromSeconds(5), default);
        return (receiver, cache);
    }

    private async Task AppendAsync(int partition, int records)
    {
        for (var i = 0; i < records; i++)
        {
            await _log.AppendAsync([new LogAppend(partition, new byte[100], 1)], default);
        }
    }
}
