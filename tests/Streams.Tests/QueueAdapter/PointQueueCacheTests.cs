using Microsoft.Extensions.Time.Testing;
using Orleans.Providers.Streams.Common;
using Orleans.Streams;
using OrleansMetrics.Streams.PointLog;
using OrleansMetrics.Streams.QueueAdapter;

namespace OrleansMetrics.Streams.Tests.QueueAdapter;

public sealed class PointQueueCacheTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly FakeTimeProvider _time = new();
    private readonly PointQueueCache _cache;

    public PointQueueCacheTests() =>
        _cache = new PointQueueCache(new PointStreamOptions { StreamCacheMaxBytes = 1000, StreamCacheMaxRecords = 10 }, _time);

    [Fact]
    public void A_cursor_walks_all_records_from_its_token_on()
    {
        Add(5, 6, 7, 8);

        Assert.Equal([6L, 7L, 8L], Walk(Cursor(6)));
    }

    [Fact]
    public void A_cursor_older_than_the_cache_starts_at_the_oldest_record()
    {
        Add(5, 6);

        Assert.Equal([5L, 6L], Walk(Cursor(2)));
    }

    [Fact]
    public void A_cursor_without_a_token_starts_at_the_oldest_record()
    {
        Add(5, 6);

        Assert.Equal([5L, 6L], Walk(Cursor(null)));
    }

    [Fact]
    public void A_cursor_at_the_end_finds_what_is_added_later()
    {
        Add(5);
        var cursor = Cursor(null);
        Assert.Equal([5L], Walk(cursor));

        Add(6);
        Add(7);

        Assert.Equal([6L, 7L], Walk(cursor));
    }

    [Fact]
    public void A_record_stays_until_every_cursor_has_moved_past_it()
    {
        Add(1, 2, 3);
        var fast = Cursor(null);
        var slow = Cursor(null);
        Walk(fast);
        slow.MoveNextWithResult();

        Assert.Equal(3, _cache.Count);
        slow.MoveNextWithResult();
        Assert.Equal(2, _cache.Count);
        Assert.Equal(2, slow.GetCurrent(out _)!.SequenceToken.SequenceNumber);
        Assert.Equal([2L, 3L], Walk(Cursor(2)));
    }

    [Fact]
    public void A_cursor_that_has_not_started_holds_its_records()
    {
        Add(1, 2, 3);
        var pin = Cursor(2);
        Walk(Cursor(null));

        _cache.TryPurgeFromCache(out _);

        Assert.Equal([2L, 3L], Walk(pin));
    }

    [Fact]
    public void With_no_cursor_a_purge_drops_everything()
    {
        Add(1, 2, 3);

        Assert.True(_cache.TryPurgeFromCache(out var purged));
        Assert.Equal(3, purged!.Count);
        Assert.Equal(0, _cache.Count);
        Assert.False(_cache.TryPurgeFromCache(out _));
    }

    [Fact]
    public async Task A_full_cache_has_room_again_when_its_cursor_moves_on()
    {
        var cursor = Cursor(null);
        Add(Enumerable.Range(1, 10).Select(position => (long)position).ToArray());
        Assert.Equal(0, _cache.RoomBytes);
        var room = _cache.WaitForRoomAsync(TimeSpan.FromSeconds(1), default).AsTask();
        cursor.MoveNextWithResult();
        Assert.False(room.IsCompleted);

        cursor.MoveNextWithResult();

        Assert.True(await room.WaitAsync(Patience));
        Assert.Equal(9, _cache.Count);
    }

    [Fact]
    public async Task Bytes_are_bounded_as_records_are()
    {
        var cursor = Cursor(null);
        _cache.AddToCache([Container(1, bytes: 999)]);
        Assert.Equal(1, _cache.RoomBytes);
        _cache.AddToCache([Container(2, bytes: 500)]);
        var room = _cache.WaitForRoomAsync(TimeSpan.FromSeconds(1), default).AsTask();
        Assert.False(room.IsCompleted);

        Walk(cursor);

        Assert.True(await room.WaitAsync(Patience));
        Assert.Equal(1000, _cache.RoomBytes);
    }

    [Fact]
    public async Task Waiting_for_room_ends_with_its_time_or_when_cancelled()
    {
        Cursor(null);
        Add(Enumerable.Range(1, 10).Select(position => (long)position).ToArray());
        using var cancel = new CancellationTokenSource();
        var timed = _cache.WaitForRoomAsync(TimeSpan.FromSeconds(1), default).AsTask();
        var cancelled = _cache.WaitForRoomAsync(TimeSpan.FromHours(1), cancel.Token).AsTask();

        _time.Advance(TimeSpan.FromSeconds(1));
        await cancel.CancelAsync();

        Assert.False(await timed.WaitAsync(Patience));
        Assert.False(await cancelled.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_full_cache_has_room_when_its_last_cursor_goes()
    {
        var cursor = Cursor(null);
        Add(Enumerable.Range(1, 10).Select(position => (long)position).ToArray());
        var room = _cache.WaitForRoomAsync(TimeSpan.FromSeconds(1), default).AsTask();

        cursor.Dispose();

        Assert.True(await room.WaitAsync(Patience));
    }

    private static PointBatchContainer Container(long position, int bytes = 10) =>
        new(PartitionQueueMapper.StreamOf(0), new LogRecord(position, 0, 0, new byte[bytes]));

    private static List<long> Walk(IQueueCacheCursor cursor)
    {
        var positions = new List<long>();
        while (cursor.MoveNextWithResult().Kind == QueueCacheCursorMoveResultKind.Success)
        {
            positions.Add(cursor.GetCurrent(out _)!.SequenceToken.SequenceNumber);
        }

        return positions;
    }

    private void Add(params long[] positions) => _cache.AddToCache(positions.Select(position => (IBatchContainer)Container(position)).ToList());

    private IQueueCacheCursor Cursor(long? position) =>
        _cache.TryGetCacheCursor(PartitionQueueMapper.StreamOf(0), position is { } value ? new EventSequenceTokenV2(value) : null).Cursor!;
}
