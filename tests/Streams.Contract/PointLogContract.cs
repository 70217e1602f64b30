using Microsoft.Extensions.Time.Testing;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Streams.Contract;

/// <summary>
/// What every point log promises. A subclass says how to open one; all instances opened by a test, one after another, have the same store.
/// It may skip a test there when the store cannot be had on this machine.
/// </summary>
public abstract class PointLogContract
{
    /// <summary>How long a wait may take.</summary>
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Partitions of the logs under test.</summary>
    protected const int Partitions = 4;

    /// <summary>Opens a log, or another instance of the same one, as another process would.</summary>
    protected abstract Task<IPointLog> OpenAsync(PointLogOptions? options = null, TimeProvider? time = null, int partitions = Partitions);

    /// <summary>Lets time pass for the store whose logs were opened with this clock.</summary>
    protected virtual Task AdvanceAsync(FakeTimeProvider time, TimeSpan by)
    {
        time.Advance(by);
        return Task.CompletedTask;
    }

    [SkippableFact]
    public async Task An_empty_log_has_its_head_at_0_and_nothing_to_read()
    {
        await using var log = await OpenAsync();

        Assert.Equal(new LogHead(0, 0, 0, 0, 0), await log.GetHeadAsync(0, default));
        Assert.Empty(await log.ReadAsync(0, 0, 1 << 20, default));
        Assert.Equal(Partitions, log.Partitions);
    }

    [SkippableFact]
    public async Task Records_are_read_as_appended_and_in_the_order_given()
    {
        await using var log = await OpenAsync();
        var appends = new[] { Append(1, 10, points: 3), Append(2, 20, points: 4), Append(1, 30, points: 5) };

        await log.AppendAsync(appends, default);

        Assert.All(appends, append => Assert.Equal(AppendStatus.Appended, append.Status));
        var records = await log.ReadAsync(1, 0, 1 << 20, default);
        Assert.Equal([1L, 2L], records.Select(record => record.Position));
        Assert.Equal([3L, 8L], records.Select(record => record.PointsThrough));
        Assert.Equal(appends[0].Payload.ToArray(), records[0].Payload.ToArray());
        Assert.Equal(appends[2].Payload.ToArray(), records[1].Payload.ToArray());
        var head = await log.GetHeadAsync(1, default);
        Assert.Equal((2, 8, 40), (head.Position, head.PointsThrough, head.Bytes));
        Assert.Equal(1, (await log.GetHeadAsync(2, default)).Position);
    }

    [SkippableFact]
    public async Task Concurrent_appends_get_contiguous_positions_and_are_all_there()
    {
        await using var log = await OpenAsync();
        var appends = await AppendConcurrentlyAsync(log, callers: 8, calls: 25);

        await AssertContiguousAsync(log, appends);
    }

    [SkippableFact]
    public async Task A_log_opened_again_goes_on_where_it_stood()
    {
        LogHead before;
        await using (var log = await OpenAsync())
        {
            await log.AppendAsync([Append(0, 100, points: 7), Append(0, 50, points: 2)], default);
            before = await log.GetHeadAsync(0, default);
        }

        await using var again = await OpenAsync();

        Assert.Equal(before, await again.GetHeadAsync(0, default));
        var next = Append(0, 10, points: 1);
        await again.AppendAsync([next], default);
        Assert.Equal(3, next.Position);
        Assert.Equal(10, (await again.GetHeadAsync(0, default)).PointsThrough);
        Assert.Equal([1L, 2L, 3L], (await again.ReadAsync(0, 0, 1 << 20, default)).Select(record => record.Position));
    }

    [SkippableFact]
    public async Task Ingestion_time_never_goes_back_when_the_clock_does()
    {
        var start = DateTimeOffset.UnixEpoch.AddDays(20_000);
        await using (var log = await OpenAsync(time: new FakeTimeProvider(start)))
        {
            await log.AppendAsync([Append(0, 10)], default);
        }

        // A fake clock cannot be turned back; the next instance has one that is behind.
        await using var behind = await OpenAsync(time: new FakeTimeProvider(start.AddHours(-1)));
        await behind.AppendAsync([Append(0, 10), Append(0, 10)], default);

        var times = (await behind.ReadAsync(0, 0, 1 << 20, default)).Select(record => record.IngestedAt).ToArray();
        Assert.Equal(3, times.Length);
        Assert.Equal(times.Order(), times);
        Assert.Equal(times[^1], (await behind.GetHeadAsync(0, default)).IngestedAt);
    }

    [SkippableFact]
    public async Task A_partition_at_its_byte_bound_refuses_appends_and_takes_them_again_after_a_trim()
    {
        await using var log = await OpenAsync(new PointLogOptions { MaxBytesPerPartition = 1024 });
        var fits = Append(0, 1000);
        await log.AppendAsync([fits], default);
        var tooMuch = Append(0, 100);

        await log.AppendAsync([tooMuch], default);

        Assert.Equal([AppendStatus.Appended, AppendStatus.Full], [fits.Status, tooMuch.Status]);
        Assert.Equal(1000, (await log.GetHeadAsync(0, default)).Bytes);
        await log.TrimAsync(0, 1, default);
        var after = Append(0, 100);
        await log.AppendAsync([after], default);
        Assert.Equal((AppendStatus.Appended, 2L), (after.Status, after.Position));
    }

    [SkippableFact]
    public async Task All_appends_of_a_call_to_a_partition_are_written_or_none()
    {
        await using var log = await OpenAsync(new PointLogOptions { MaxBytesPerPartition = 1024 });
        LogAppend[] tooMuch = [Append(0, 600), Append(0, 400), Append(0, 100)];

        await log.AppendAsync(tooMuch, default);

        Assert.All(tooMuch, append => Assert.Equal(AppendStatus.Full, append.Status));
        Assert.Equal(new LogHead(0, 0, 0, 0, 0), await log.GetHeadAsync(0, default));
        LogAppend[] fits = [Append(0, 600), Append(0, 400)];
        await log.AppendAsync(fits, default);
        Assert.Equal([1L, 2L], (await log.ReadAsync(0, 0, 1 << 20, default)).Select(record => record.Position));
    }

    [SkippableFact]
    public async Task A_request_sent_again_is_not_appended_again_and_its_call_can_be_appended_without_it()
    {
        await using var log = await OpenAsync(KeyedLog());
        await log.AppendAsync([Keyed(0, Key(1), Key(2))], default);
        LogAppend[] again = [Keyed(0, Key(3), Key(2), Key(1)), Append(0, 10)];

        await log.AppendAsync(again, default);

        Assert.Equal([AppendStatus.Repeated, AppendStatus.Withdrawn], again.Select(append => append.Status));
        Assert.Equal([Key(2), Key(1)], again[0].Repeated);
        Assert.Equal(1, (await log.GetHeadAsync(0, default)).Position);
        LogAppend[] without = [Keyed(0, Key(3)), again[1]];
        await log.AppendAsync(without, default);
        Assert.All(without, append => Assert.Equal(AppendStatus.Appended, append.Status));
        Assert.Empty(without[0].Repeated);
        Assert.Equal([Key(3)], await RepeatedAsync(log, 0, Key(3)));
    }

    [SkippableFact]
    public async Task Partitions_remember_requests_apart()
    {
        await using var log = await OpenAsync(KeyedLog());
        await log.AppendAsync([Keyed(0, Key(1)), Keyed(1, Key(2))], default);

        var other = Keyed(1, Key(1));
        await log.AppendAsync([other], default);

        Assert.Equal(AppendStatus.Appended, other.Status);
        Assert.Equal([Key(1)], await RepeatedAsync(log, 0, Key(1)));
        Assert.Equal([Key(1), Key(2)], await RepeatedAsync(log, 1, Key(1), Key(2)));
    }

    [SkippableFact]
    public async Task Of_calls_that_wait_at_the_same_time_with_the_same_request_one_is_appended()
    {
        await using var log = await OpenAsync(KeyedLog());
        var calls = Enumerable.Range(0, 200).Select(i => Keyed(0, Key(i / 10))).ToArray();

        await Task.WhenAll(calls.Select(append => log.AppendAsync([append], default).AsTask()));

        Assert.Equal(20, calls.Count(append => append.Status == AppendStatus.Appended));
        Assert.Equal(180, calls.Count(append => append.Status == AppendStatus.Repeated));
        Assert.Equal(20, calls.Where(append => append.Status == AppendStatus.Appended).Select(append => append.Keys[0]).Distinct().Count());
        Assert.Equal(20, (await log.GetHeadAsync(0, default)).Position);
    }

    [SkippableFact]
    public async Task The_requests_of_a_call_that_was_refused_are_not_remembered()
    {
        await using var log = await OpenAsync(new PointLogOptions { MaxBytesPerPartition = 1024 });
        await log.AppendAsync([Keyed(0, Key(1))], default);
        LogAppend[] full = [Keyed(0, Key(2)), Append(0, 2000)];
        LogAppend[] repeated = [Keyed(0, Key(1), Key(3))];

        await log.AppendAsync(full, default);
        await log.AppendAsync(repeated, default);

        Assert.All(full, append => Assert.Equal(AppendStatus.Full, append.Status));
        Assert.Equal(AppendStatus.Repeated, repeated[0].Status);
        var now = Keyed(0, Key(2), Key(3));
        await log.AppendAsync([now], default);
        Assert.Equal((AppendStatus.Appended, 2L), (now.Status, now.Position));
    }

    [SkippableFact]
    public async Task A_request_is_forgotten_when_the_window_has_passed()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddDays(20_000));
        await using var log = await OpenAsync(new PointLogOptions { DuplicateWindow = TimeSpan.FromMinutes(15), MaxBytesPerPartition = KeyedLogBytes }, time);
        await log.AppendAsync([Keyed(0, Key(1))], default);
        await AdvanceAsync(time, TimeSpan.FromMinutes(10));
        await log.AppendAsync([Keyed(0, Key(2))], default);

        await AdvanceAsync(time, TimeSpan.FromMinutes(4));
        Assert.Equal([Key(1), Key(2)], await RepeatedAsync(log, 0, Key(1), Key(2)));
        await AdvanceAsync(time, TimeSpan.FromMinutes(2));
        Assert.Equal([Key(2)], await RepeatedAsync(log, 0, Key(1), Key(2)));

        // Appended again, it is remembered for a whole window again.
        await log.AppendAsync([Keyed(0, Key(1))], default);
        await AdvanceAsync(time, TimeSpan.FromMinutes(14));
        Assert.Equal([Key(1)], await RepeatedAsync(log, 0, Key(1), Key(2)));
    }

    [SkippableFact]
    public async Task Beyond_the_number_that_is_remembered_the_oldest_request_is_forgotten()
    {
        var options = new PointLogOptions { MaxRequestKeysPerPartition = 5, MaxBytesPerPartition = KeyedLogBytes };
        await using (var log = await OpenAsync(options))
        {
            for (var i = 0; i < 400; i += 2)
            {
                await log.AppendAsync([Keyed(0, Key(i), Key(i + 1))], default);
            }

            Assert.Equal(Enumerable.Range(395, 5).Select(Key), await RepeatedAsync(log, 0, [.. Enumerable.Range(0, 400).Select(Key)]));
        }

        await using var again = await OpenAsync(options);
        Assert.Equal(Enumerable.Range(395, 5).Select(Key), await RepeatedAsync(again, 0, [.. Enumerable.Range(0, 400).Select(Key)]));
    }

    [SkippableFact]
    public async Task Requests_are_remembered_when_their_records_are_trimmed_and_when_the_log_is_opened_again()
    {
        await using (var log = await OpenAsync(KeyedLog()))
        {
            await log.AppendAsync([Keyed(0, Key(1))], default);
            await log.AppendAsync([Keyed(0, Key(2))], default);
            await log.TrimAsync(0, 2, default);
            Assert.Equal([Key(1), Key(2)], await RepeatedAsync(log, 0, Key(1), Key(2)));
        }

        await using var again = await OpenAsync(KeyedLog());

        Assert.Equal([Key(1), Key(2)], await RepeatedAsync(again, 0, Key(1), Key(2)));
        Assert.Equal(2, (await again.GetHeadAsync(0, default)).Position);
    }

    [SkippableTheory]
    [InlineData(0)]
    [InlineData(4 << 20)]
    public async Task Records_come_the_same_from_memory_and_from_the_store(long tailBytes)
    {
        await using var log = await OpenAsync(new PointLogOptions { TailBytesPerPartition = tailBytes });
        var appends = Enumerable.Range(1, 20).Select(size => Append(0, size * 10)).ToArray();
        await log.AppendAsync(appends, default);

        for (var after = 0; after < 20; after++)
        {
            var records = await log.ReadAsync(0, after, 400, default);

            var expected = appends.Skip(after).TakeWhile((append, i) => i == 0 || appends.Skip(after).Take(i + 1).Sum(a => a.Payload.Length) <= 400).ToArray();
            Assert.Equal(expected.Select(append => append.Position), records.Select(record => record.Position));
            Assert.Equal(expected.SelectMany(append => append.Payload.ToArray()), records.SelectMany(record => record.Payload.ToArray()));
        }
    }

    [SkippableFact]
    public async Task A_read_brings_a_record_that_alone_exceeds_the_bytes_asked_for()
    {
        await using var log = await OpenAsync();
        await log.AppendAsync([Append(0, 5000), Append(0, 10)], default);

        var record = Assert.Single(await log.ReadAsync(0, 0, 100, default));
        Assert.Equal(5000, record.Payload.Length);
    }

    [SkippableFact]
    public async Task A_wait_ends_when_this_instance_appends()
    {
        await using var log = await OpenAsync();
        var other = log.WaitAsync(1, 0, default).AsTask();
        var wait = log.WaitAsync(0, 0, default).AsTask();
        Assert.False(wait.IsCompleted);

        await log.AppendAsync([Append(0, 10)], default);

        await wait.WaitAsync(Patience);
        Assert.False(other.IsCompleted);
        await log.WaitAsync(0, 0, default).AsTask().WaitAsync(Patience);
        await log.AppendAsync([Append(1, 10)], default);
        await other.WaitAsync(Patience);
    }

    [SkippableFact]
    public async Task A_wait_can_be_cancelled()
    {
        await using var log = await OpenAsync();
        using var cancel = new CancellationTokenSource();
        var wait = log.WaitAsync(0, 0, cancel.Token).AsTask();

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait.WaitAsync(Patience));
    }

    [SkippableFact]
    public async Task A_trim_removes_the_oldest_records_and_may_be_repeated()
    {
        await using var log = await OpenAsync(new PointLogOptions { TrimChunkRecords = 3 });
        await log.AppendAsync(Enumerable.Range(0, 20).Select(_ => Append(0, 10, points: 2)).ToArray(), default);

        await log.TrimAsync(0, 11, default);
        await log.TrimAsync(0, 11, default);
        await log.TrimAsync(0, 5, default);

        var head = await log.GetHeadAsync(0, default);
        Assert.Equal((20, 40, 11, 90), (head.Position, head.PointsThrough, head.TrimmedTo, head.Bytes));
        Assert.Equal(12, (await log.ReadAsync(0, 0, 100, default))[0].Position);
    }

    [SkippableFact]
    public async Task A_log_trimmed_to_its_head_keeps_its_head()
    {
        LogHead before;
        await using (var log = await OpenAsync())
        {
            await log.AppendAsync([Append(0, 10, points: 3), Append(0, 10, points: 4)], default);
            before = await log.GetHeadAsync(0, default);
            await log.TrimAsync(0, 2, default);
            Assert.Empty(await log.ReadAsync(0, 0, 100, default));
        }

        await using var again = await OpenAsync();
        Assert.Equal(before with { TrimmedTo = 2, Bytes = 0 }, await again.GetHeadAsync(0, default));
        var next = Append(0, 10);
        await again.AppendAsync([next], default);
        Assert.Equal(3, next.Position);
    }

    [SkippableFact]
    public async Task A_trim_beyond_the_head_is_refused_and_removes_nothing()
    {
        await using var log = await OpenAsync();
        await log.AppendAsync([Append(0, 10)], default);

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await log.TrimAsync(0, 2, default));

        Assert.Single(await log.ReadAsync(0, 0, 100, default));
        var next = Append(0, 10);
        await log.AppendAsync([next], default);
        Assert.Equal(AppendStatus.Appended, next.Status);
    }

    [SkippableFact]
    public async Task A_record_may_be_set_aside_twice()
    {
        await using var log = await OpenAsync();
        await log.AppendAsync([Append(0, 10)], default);
        var record = (await log.ReadAsync(0, 0, 100, default)).Single();

        await log.SetAsideAsync(0, record, "checksum", default);
        await log.SetAsideAsync(0, record, "checksum", default);

        Assert.Single(await log.ReadAsync(0, 0, 100, default));
    }

    [SkippableFact]
    public async Task A_partition_that_the_log_does_not_have_is_refused()
    {
        await using var log = await OpenAsync();

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await log.AppendAsync([Append(0, 10), Append(Partitions, 10)], default));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await log.ReadAsync(-1, 0, 100, default));
        Assert.Equal(0, (await log.GetHeadAsync(0, default)).Position);
    }

    [SkippableFact]
    public async Task Another_number_of_partitions_than_at_creation_is_refused_with_both_numbers()
    {
        await (await OpenAsync()).DisposeAsync();

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => OpenAsync(partitions: 7));

        Assert.Contains("4 partitions", error.Message, StringComparison.Ordinal);
        Assert.Contains("with 7", error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Disposal_commits_what_waits_and_refuses_what_comes_later()
    {
        var log = await OpenAsync();
        var wait = log.WaitAsync(3, 0, default).AsTask();
        var appends = Enumerable.Range(0, 50).Select(_ => Append(0, 1000)).ToArray();
        var calls = appends.Select(append => log.AppendAsync([append], default).AsTask()).ToArray();

        await log.DisposeAsync();
        await log.DisposeAsync();

        await Task.WhenAll(calls).WaitAsync(Patience);
        Assert.All(appends, append => Assert.Equal(AppendStatus.Appended, append.Status));
        var late = Append(0, 10);
        await log.AppendAsync([late], default);
        Assert.Equal(AppendStatus.Failed, late.Status);
        Assert.IsType<ObjectDisposedException>(late.Error);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => wait.WaitAsync(Patience));
        await using var again = await OpenAsync();
        Assert.Equal(50, (await again.GetHeadAsync(0, default)).Position);
    }

    /// <summary>An append with bytes that differ from append to append.</summary>
    protected static LogAppend Append(int partition, int bytes, int points = 1)
    {
        var payload = new byte[bytes];
        new Random(Interlocked.Increment(ref _seed)).NextBytes(payload);
        return new LogAppend(partition, payload, points);
    }

    /// <summary>An append with a batch of these requests.</summary>
    protected static LogAppend Keyed(int partition, params RequestKey[] keys) => new(partition, Append(partition, 10).Payload, 1) { Keys = keys };

    /// <summary>The key of a request with a number.</summary>
    protected static RequestKey Key(int number) => RequestKey.Of("producer"u8, number);

    /// <summary>A log that <see cref="RepeatedAsync"/> can be asked of.</summary>
    protected static PointLogOptions KeyedLog() => new() { MaxBytesPerPartition = KeyedLogBytes };

    /// <summary>Which of the requests a <see cref="KeyedLog"/> has. Appends nothing.</summary>
    protected static async Task<IReadOnlyList<RequestKey>> RepeatedAsync(IPointLog log, int partition, params RequestKey[] keys)
    {
        // More than the log may hold, so that the call is refused whether or not it is a repeat.
        var probe = Keyed(partition, keys);
        await log.AppendAsync([probe, Append(partition, KeyedLogBytes + 1)], default);
        Assert.True(probe.Status is AppendStatus.Repeated or AppendStatus.Full, $"{probe.Status}");
        return probe.Repeated;
    }

    private const int KeyedLogBytes = 1 << 16;

    private static int _seed;

    /// <summary>Appends to two partitions from several callers; all appends.</summary>
    protected static async Task<LogAppend[]> AppendConcurrentlyAsync(IPointLog log, int callers, int calls)
    {
        var appends = await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
        {
            var mine = new List<LogAppend>();
            for (var call = 0; call < calls; call++)
            {
                LogAppend[] some = [Append(call % 2, 100), Append((call + 1) % 2, 50), Append(call % 2, 20)];
                await log.AppendAsync(some, default);
                Assert.True(some[0].Position < some[2].Position, "The order given within a call is the order in the log.");
                mine.AddRange(some);
            }

            return mine;
        })));
        return appends.SelectMany(mine => mine).ToArray();
    }

    /// <summary>Checks that the log holds just these appends, without a gap.</summary>
    protected static async Task AssertContiguousAsync(IPointLog log, LogAppend[] appends)
    {
        Assert.All(appends, append => Assert.Equal(AppendStatus.Appended, append.Status));
        foreach (var ofPartition in appends.GroupBy(append => append.Partition))
        {
            var expected = ofPartition.OrderBy(append => append.Position).ToArray();
            Assert.Equal(Enumerable.Range(1, expected.Length).Select(position => (long)position), expected.Select(append => append.Position));
            var read = new List<LogRecord>();
            while (await log.ReadAsync(ofPartition.Key, read.Count, 1000, default) is { Count: > 0 } records)
            {
                read.AddRange(records);
            }

            Assert.Equal(expected.Select(append => append.Position), read.Select(record => record.Position));
            Assert.Equal(expected.Select(append => Convert.ToHexString(append.Payload.Span)), read.Select(record => Convert.ToHexString(record.Payload.Span)));
        }
    }
}
