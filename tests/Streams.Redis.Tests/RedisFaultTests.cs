using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansMetrics.Streams.PointLog;
using StackExchange.Redis;

namespace OrleansMetrics.Streams.Redis.Tests;

/// <summary>A Redis that is killed, stands still, loses connections or data, while points are appended.</summary>
public sealed class RedisFaultTests
{
    private const int Partitions = 2;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [SkippableFact]
    public async Task After_a_kill_of_redis_what_was_acknowledged_is_there_and_nothing_is_there_twice()
    {
        using var redis = await RedisServer.StartAsync();
        await using var log = await OpenAsync(redis);
        await using var load = new LogLoad(log);
        for (var round = 0; round < 3; round++)
        {
            await load.AnsweredAsync(AppendStatus.Appended, 200);
            redis.Kill();
            await redis.StartAsync();
        }

        await load.AnsweredAsync(AppendStatus.Appended, 200);
        await load.StopAsync();
        await load.VerifyAsync(log);
        await using var other = await OpenAsync(redis);
        await load.VerifyAsync(other);
        Assert.Equal(3, (await LogLoad.ReadAllAsync(other, 0)).Count(record => LogGap.TryParse(record.Payload.Span, out _)));
    }

    [SkippableFact]
    public async Task Connections_that_break_under_load_cost_no_record_and_double_none()
    {
        using var redis = await RedisServer.StartAsync("--appendonly", "no");
        await using var log = await OpenAsync(redis);
        await using var load = new LogLoad(log);
        await using (var admin = await redis.ConnectAsync())
        {
            for (var round = 0; round < 20; round++)
            {
                await load.AnsweredAsync(AppendStatus.Appended, 50);
                await admin.GetDatabase().ExecuteAsync("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
            }
        }

        await load.AnsweredAsync(AppendStatus.Appended, 50);
        await load.StopAsync();

        Assert.Equal(load.Answered.Count, load.Count(AppendStatus.Appended));
        await load.VerifyAsync(log);
        Assert.True(log.Statistics.StoreErrors > 0, "No connection broke while an append was under way.");
        Assert.DoesNotContain(await LogLoad.ReadAllAsync(log, 0), record => LogGap.TryParse(record.Payload.Span, out _));
    }

    [SkippableFact]
    public async Task A_redis_that_stands_still_is_given_up_soon_and_used_again_when_it_goes_on()
    {
        using var redis = await RedisServer.StartAsync();
        await using var log = await OpenAsync(redis, retry: TimeSpan.FromSeconds(1));
        await using var load = new LogLoad(log);
        await load.AnsweredAsync(AppendStatus.Appended, 100);

        await redis.StopAsync();
        await load.AnsweredAsync(AppendStatus.Failed, 1);

        // From then on callers are told at once that nothing was taken.
        await load.AnsweredAsync(AppendStatus.Full, 100);
        var append = new LogAppend(0, new byte[100], 1);
        var call = log.AppendAsync([append], default);
        Assert.True(call.IsCompletedSuccessfully);
        Assert.Equal(AppendStatus.Full, append.Status);

        await redis.ContinueAsync();
        await load.AnsweredAsync(AppendStatus.Appended, 100);
        await load.StopAsync();
        await load.VerifyAsync(log);
    }

    [SkippableFact]
    public async Task A_short_standstill_is_waited_out()
    {
        using var redis = await RedisServer.StartAsync();
        await using var log = await OpenAsync(redis, command: TimeSpan.FromMilliseconds(300), retry: TimeSpan.FromSeconds(20));
        await redis.StopAsync();
        var append = new LogAppend(0, new byte[100], 1);
        var call = log.AppendAsync([append], default).AsTask();
        await UntilAsync(() => log.Statistics.StoreErrors >= 2, "The append was not repeated.");

        await redis.ContinueAsync();
        await call.WaitAsync(Patience);

        Assert.Equal((AppendStatus.Appended, 1L), (append.Status, append.Position));
        Assert.Single(await LogLoad.ReadAllAsync(log, 0));
    }

    [SkippableFact]
    public async Task While_redis_is_down_appends_are_refused_at_once_and_taken_when_it_is_back()
    {
        using var redis = await RedisServer.StartAsync();
        await using var log = await OpenAsync(redis, retry: TimeSpan.FromMilliseconds(500));
        await using var load = new LogLoad(log, callers: 1);
        await load.AnsweredAsync(AppendStatus.Appended, 10);
        redis.Kill();
        await load.AnsweredAsync(AppendStatus.Full, 1000);

        await redis.StartAsync();
        await load.AnsweredAsync(AppendStatus.Appended, 10);
        await load.StopAsync();
        await load.VerifyAsync(log);
    }

    [SkippableFact]
    public async Task A_log_that_lost_its_tail_goes_on_behind_a_gap_that_says_where_it_had_ended()
    {
        using var redis = await RedisServer.StartAsync("--appendonly", "yes", "--appendfsync", "always", "--aof-load-truncated", "yes", "--aof-use-rdb-preamble", "no");
        await using var log = await OpenAsync(redis);
        for (var i = 0; i < 10; i++)
        {
            await log.AppendAsync([new LogAppend(0, new byte[1000], 3)], default);
        }

        redis.Kill();
        redis.CutAppendOnlyFile(3500);
        var wait = log.WaitAsync(0, 10, default).AsTask();
        await redis.StartAsync();

        // Who waits for the eleventh record learns of the loss although nobody appends.
        await wait.WaitAsync(Patience);
        var gap = Assert.Single(await log.ReadAsync(0, 10, 1 << 20, default));
        Assert.True(LogGap.TryParse(gap.Payload.Span, out var lastBefore));
        Assert.Equal(7, lastBefore);
        Assert.Equal(lastBefore + LogGap.Distance, gap.Position);
        Assert.Equal(21, gap.PointsThrough);
        var next = new LogAppend(0, new byte[10], 1);
        await log.AppendAsync([next], default);
        Assert.Equal(gap.Position + 1, next.Position);
        await using var other = await OpenAsync(redis);
        Assert.Equal([5, 6, 7, gap.Position, next.Position], (await other.ReadAsync(0, 4, 1 << 20, default)).Select(record => record.Position));
        Assert.Equal(new LogHead(next.Position, 22, (await other.GetHeadAsync(0, default)).IngestedAt, 0, 7000 + 16 + 10), await other.GetHeadAsync(0, default));
        Assert.Equal(Partitions, (await Task.WhenAll(Enumerable.Range(0, Partitions).Select(p => LogLoad.ReadAllAsync(other, p)))).Length);
    }

    [SkippableFact]
    public async Task A_log_that_lost_its_tail_while_no_process_was_there_goes_on_behind_a_gap_too()
    {
        using var redis = await RedisServer.StartAsync("--appendonly", "yes", "--appendfsync", "always", "--aof-load-truncated", "yes", "--aof-use-rdb-preamble", "no");
        await using (var log = await OpenAsync(redis))
        {
            for (var i = 0; i < 10; i++)
            {
                await log.AppendAsync([new LogAppend(0, new byte[1000], 3)], default);
            }
        }

        redis.Kill();
        redis.CutAppendOnlyFile(3500);
        await redis.StartAsync();
        await using var after = await OpenAsync(redis);

        Assert.Equal(7 + LogGap.Distance, (await after.GetHeadAsync(0, default)).Position);

        // Opened once more, with nothing in between, it does not begin another gap.
        await using var again = await OpenAsync(redis);
        Assert.Equal(7 + LogGap.Distance, (await again.GetHeadAsync(0, default)).Position);
    }

    [SkippableFact]
    public async Task A_redis_that_comes_back_empty_gives_no_position_out_again()
    {
        using var redis = await RedisServer.StartAsync("--appendonly", "no");
        await using var log = await OpenAsync(redis);
        await log.AppendAsync([.. Enumerable.Range(0, 5).Select(_ => new LogAppend(0, new byte[10], 1))], default);
        redis.Kill();
        await redis.StartAsync();
        await log.WaitAsync(0, 5, default).AsTask().WaitAsync(Patience);

        var next = new LogAppend(0, new byte[10], 1);
        await log.AppendAsync([next], default);

        Assert.Equal((AppendStatus.Appended, LogGap.Distance + 1), (next.Status, next.Position));
        var records = await LogLoad.ReadAllAsync(log, 0);
        Assert.True(LogGap.TryParse(records[0].Payload.Span, out var lastBefore));
        Assert.Equal(0, lastBefore);

        // The other partition had nothing to lose.
        Assert.Equal(0, (await log.GetHeadAsync(1, default)).Position);
    }

    [SkippableFact]
    public async Task A_replica_that_takes_over_goes_on_behind_a_gap()
    {
        using var master = await RedisServer.StartAsync();
        using var replica = await RedisServer.StartAsync("--replicaof", "127.0.0.1", $"{master.Port}");
        await using var log = await OpenAsync($"{master.ConnectionString},{replica.ConnectionString}", "failover", command: null, TimeSpan.FromSeconds(20));
        await using var admin = await replica.ConnectAsync();
        await using var load = new LogLoad(log);
        await load.AnsweredAsync(AppendStatus.Appended, 100);
        await UntilAsync(() => admin.GetDatabase().KeyExists("{failover:0}:log", CommandFlags.PreferReplica), "Nothing was replicated.");

        master.Kill();
        await admin.GetDatabase().ExecuteAsync("REPLICAOF", "NO", "ONE");

        await load.AnsweredAsync(AppendStatus.Appended, 100);
        await load.StopAsync();
        await load.VerifyAsync(log, tailMayBeLost: true);
        Assert.Single(await LogLoad.ReadAllAsync(log, 0), record => LogGap.TryParse(record.Payload.Span, out _));
    }

    [SkippableFact]
    public async Task A_wait_ends_although_the_message_was_lost()
    {
        using var redis = await RedisServer.StartAsync("--appendonly", "no");
        await using var log = await OpenAsync(redis);
        await using var other = await OpenAsync(redis);
        await using var admin = await redis.ConnectAsync();
        await other.AppendAsync([new LogAppend(0, new byte[10], 1)], default);
        await log.WaitAsync(0, 0, default).AsTask().WaitAsync(Patience);
        var wait = log.WaitAsync(0, 1, default).AsTask();

        await admin.GetDatabase().ExecuteAsync("CLIENT", "KILL", "TYPE", "pubsub");
        await other.AppendAsync([new LogAppend(0, new byte[10], 1)], default);

        await wait.WaitAsync(Patience);
    }

    private static Task<RedisPointLog> OpenAsync(RedisServer redis, TimeSpan? command = null, TimeSpan? retry = null) =>
        OpenAsync(redis.ConnectionString, "test", command, retry);

    private static Task<RedisPointLog> OpenAsync(string connectionString, string prefix, TimeSpan? command, TimeSpan? retry) => RedisPointLog.OpenAsync(
        new RedisLogOptions
        {
            ConnectionString = connectionString,
            KeyPrefix = prefix,
            CommandTimeout = command ?? TimeSpan.FromSeconds(1),
            RetryTimeout = retry ?? TimeSpan.FromSeconds(20),
        },
        Partitions,
        new PointLogOptions(),
        TimeProvider.System,
        NullLogger.Instance,
        default);

    // For what only a counter shows.
    private static async Task UntilAsync(Func<bool> condition, string message)
    {
        var since = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(since) < Patience, message);
            await Task.Yield();
        }
    }
}
