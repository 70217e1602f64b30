using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansMetrics.Streams.PointLog;
using StackExchange.Redis;

namespace OrleansMetrics.Streams.Redis.Tests;

/// <summary>What the Redis log does beyond the contract.</summary>
public sealed class RedisLogTests(SharedRedis redis) : IClassFixture<SharedRedis>
{
    private const int Partitions = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string _prefix = $"test-{Guid.NewGuid():n}";

    [SkippableFact]
    public async Task Two_logs_on_one_redis_do_not_see_each_other()
    {
        await using var one = await OpenAsync();
        await using var other = await OpenAsync(prefix: _prefix + "-other");

        await one.AppendAsync([Append(0, 10), Append(0, 10)], default);
        await other.AppendAsync([Append(0, 10)], default);

        Assert.Equal(2, (await one.GetHeadAsync(0, default)).Position);
        Assert.Equal(1, (await other.GetHeadAsync(0, default)).Position);
        Assert.Single(await other.ReadAsync(0, 0, 1000, default));
    }

    [SkippableFact]
    public async Task Appends_that_wait_at_the_same_time_share_a_script_call()
    {
        await using var log = await OpenAsync();
        var appends = Enumerable.Range(0, 100).Select(_ => Append(0, 100)).ToArray();

        await Task.WhenAll(appends.Select(append => log.AppendAsync([append], default).AsTask()));

        Assert.InRange(log.Statistics.Commits, 1, 30);
        Assert.Equal((100, 10_000), (log.Statistics.RecordsAppended, log.Statistics.BytesAppended));
    }

    [SkippableFact]
    public async Task Appends_beyond_the_bytes_that_may_wait_are_refused_as_full()
    {
        using var server = await RedisServer.StartAsync();
        await using var log = await OpenAsync(new PointLogOptions { MaxQueuedBytes = 1024 }, connectionString: server.ConnectionString);
        await server.StopAsync();
        var waiting = Append(0, 1000);
        var call = log.AppendAsync([waiting], default).AsTask();
        var beyond = Append(1, 100);

        await log.AppendAsync([beyond], default);

        Assert.Equal(AppendStatus.Full, beyond.Status);
        await server.ContinueAsync();
        await call.WaitAsync(Patience);
        Assert.Equal(AppendStatus.Appended, waiting.Status);
        await log.AppendAsync([beyond], default);
        Assert.Equal(AppendStatus.Appended, beyond.Status);
    }

    [SkippableFact]
    public async Task A_process_that_is_told_more_than_it_is_woken_for_looks_by_itself_until_it_is_quiet()
    {
        await using var writer = await OpenAsync();
        await using var log = await OpenAsync();
        await using var connection = await redis.Server.ConnectAsync();
        using var end = new CancellationTokenSource(Patience);
        var channel = new PartitionKeys(_prefix, 0).Appended;
        var seen = 0L;
        async Task FollowAsync()
        {
            while (!end.IsCancellationRequested)
            {
                await log.WaitAsync(0, seen, end.Token);
                var records = await log.ReadAsync(0, seen, 1 << 20, end.Token);
                Assert.NotEmpty(records);
                Volatile.Write(ref seen, records[^1].Position);
            }
        }

        async Task UntilAsync(Func<Task<bool>> reached, Func<Task> meanwhile)
        {
            while (!await reached())
            {
                end.Token.ThrowIfCancellationRequested();
                await meanwhile();
            }
        }

        async Task<bool> IsListeningAsync() => await connection.GetServers()[0].SubscriptionSubscriberCountAsync(channel) > 0;
        async Task AppendAsync() => await writer.AppendAsync([Append(0, 10)], default);
        async Task SeenAsync()
        {
            var head = (await writer.GetHeadAsync(0, default)).Position;
            await UntilAsync(() => Task.FromResult(Volatile.Read(ref seen) == head), static () => Task.Delay(1));
        }

        var follower = FollowAsync();
        await UntilAsync(IsListeningAsync, static () => Task.Delay(1));
        await UntilAsync(async () => !await IsListeningAsync(), AppendAsync);
        await AppendAsync();
        await SeenAsync();
        await UntilAsync(IsListeningAsync, static () => Task.Delay(1));
        await AppendAsync();
        await SeenAsync();

        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => follower);
    }

    [SkippableFact]
    public async Task An_append_that_arrives_twice_is_written_once_and_one_that_arrives_late_is_refused()
    {
        await using var log = await OpenAsync();
        await using var connection = await redis.Server.ConnectAsync();
        var keys = new PartitionKeys(_prefix, 0).Append;
        RedisValue[] Call(int sequence, params string[] payloads) =>
            ["writer", sequence, 0, 1 << 20, 1000, 10, 1, 0, payloads.Length, .. payloads.SelectMany(payload => new RedisValue[] { 5, payload })];
        async Task<string> RunAsync(RedisValue[] call) => (string)(await connection.GetDatabase().ScriptEvaluateAsync(LogScript.Append.Text, keys, call))!;

        var first = await RunAsync(Call(1, "a", "b"));
        var again = await RunAsync(Call(1, "a", "b"));
        await RunAsync(Call(2, "c"));
        var late = await Assert.ThrowsAsync<RedisServerException>(() => RunAsync(Call(1, "a", "b")));

        Assert.Equal(first, again);
        Assert.StartsWith("STALE", late.Message, StringComparison.Ordinal);
        Assert.Equal(["a", "b", "c"], (await log.ReadAsync(0, 0, 1000, default)).Select(record => Encoding.UTF8.GetString(record.Payload.Span)));
        Assert.Equal(15, (await log.GetHeadAsync(0, default)).PointsThrough);
    }

    [SkippableFact]
    public async Task Processes_that_have_ended_are_forgotten_when_another_one_starts()
    {
        await using var log = await OpenAsync();
        await using var connection = await redis.Server.ConnectAsync();
        var writers = new PartitionKeys(_prefix, 0).Writers;
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        await connection.GetDatabase().HashSetAsync(
            writers, [new("ended", $"7 {now - 3_700_000} 1 1 0 -1 A"), new("alive", $"7 {now - 3_500_000} 1 1 0 -1 A")]);

        await log.AppendAsync([Append(0, 10)], default);

        Assert.Equal(2, await connection.GetDatabase().HashLengthAsync(writers));
        Assert.True(await connection.GetDatabase().HashExistsAsync(writers, "alive"));
    }

    [SkippableFact]
    public async Task Positions_and_sums_stay_exact_up_to_the_largest_that_a_double_holds()
    {
        const long near = (1L << 53) - (1L << 33);
        await using var log = await OpenAsync();
        await using (var connection = await redis.Server.ConnectAsync())
        {
            await connection.GetDatabase().HashSetAsync(
                new PartitionKeys(_prefix, 0).Head, [new("position", near), new("points", near), new("bytes", near), new("trimmedBytes", near), new("run", "another")]);
        }

        var append = Append(0, 10);
        await log.AppendAsync([append], default);

        var expected = near + LogGap.Distance + 1;
        Assert.Equal((AppendStatus.Appended, expected), (append.Status, append.Position));
        var records = await log.ReadAsync(0, near, 1000, default);
        Assert.Equal([expected - 1, expected], records.Select(record => record.Position));
        Assert.True(LogGap.TryParse(records[0].Payload.Span, out var lastBefore));
        Assert.Equal(near, lastBefore);
        Assert.Equal((expected, near + 1, 26L), await HeadAsync(log));
        await log.TrimAsync(0, expected, default);
        Assert.Equal((expected, near + 1, 0L), await HeadAsync(log));
    }

    [SkippableFact]
    public async Task A_read_of_many_small_records_brings_as_many_as_fit()
    {
        await using var log = await OpenAsync(new PointLogOptions { TailBytesPerPartition = 0 });
        await log.AppendAsync([.. Enumerable.Range(0, 500).Select(i => Append(0, i == 300 ? 50_000 : 10))], default);

        Assert.Equal(300, (await log.ReadAsync(0, 0, 10_000, default)).Count);
        Assert.Equal(500, (await log.ReadAsync(0, 0, 1 << 20, default)).Count);
        Assert.Equal(300, (await log.ReadAsync(0, 0, 10_000, default)).Count);
        Assert.Equal(301, Assert.Single(await log.ReadAsync(0, 300, 10_000, default)).Position);
    }

    [SkippableFact]
    public async Task Records_of_this_process_are_not_read_back()
    {
        await using var log = await OpenAsync();
        await log.AppendAsync([Append(0, 100), Append(0, 100)], default);

        await log.ReadAsync(0, 0, 1000, default);

        Assert.Equal((2L, 0L), (log.Statistics.RecordsFromTail, log.Statistics.RecordsFromStore));
    }

    [SkippableFact]
    public async Task Records_set_aside_are_kept_with_bytes_and_reason_and_bounded_in_number()
    {
        await using var log = await OpenAsync();
        for (var position = 300; position > 0; position--)
        {
            await log.SetAsideAsync(0, new LogRecord(position, 8, 9, new byte[] { 1, 2, 3 }), "checksum", default);
        }

        await log.SetAsideAsync(0, new LogRecord(300, 8, 9, new byte[] { 4 }), "again", default);
        await using var connection = await redis.Server.ConnectAsync();
        var kept = await connection.GetDatabase().HashGetAllAsync(new PartitionKeys(_prefix, 0).Aside);
        Assert.Equal(256, kept.Length);
        var value = (string)kept.Single(field => field.Name == 300).Value!;
        Assert.StartsWith("{\"reason\":\"checksum\",\"ingestedAt\":8,\"pointsThrough\":9,\"setAsideAt\":", value, StringComparison.Ordinal);
        Assert.EndsWith("}\n\u0001\u0002\u0003", value, StringComparison.Ordinal);
        Assert.DoesNotContain(kept, field => field.Name == 1);
    }

    [SkippableFact]
    public async Task A_redis_without_memory_left_refuses_appends_and_takes_them_after_a_trim()
    {
        using var server = await RedisServer.StartAsync("--appendonly", "no", "--maxmemory", "8mb", "--maxmemory-policy", "noeviction");
        await using var log = await OpenAsync(connectionString: server.ConnectionString);
        var appends = new List<LogAppend>();
        do
        {
            appends.Add(Append(0, 100_000));
            await log.AppendAsync([appends[^1]], default);
        }
        while (appends[^1].Status == AppendStatus.Appended && appends.Count < 200);

        Assert.Equal(AppendStatus.Full, appends[^1].Status);
        Assert.Equal(appends.Count - 1, (await log.GetHeadAsync(0, default)).Position);
        await log.TrimAsync(0, appends.Count - 1, default);
        var next = Append(0, 100_000);
        await log.AppendAsync([next], default);
        Assert.Equal((AppendStatus.Appended, appends.Count), (next.Status, next.Position));
    }

    [SkippableFact]
    public async Task The_keys_of_a_partition_may_be_used_together_in_a_redis_cluster()
    {
        using var server = await RedisServer.StartAsync("--cluster-enabled", "yes");
        await using (var admin = await server.ConnectAsync())
        {
            await admin.GetServer(server.ConnectionString).ExecuteAsync("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
            while (!((string)(await admin.GetServer(server.ConnectionString).ExecuteAsync("CLUSTER", "INFO"))!).Contains("cluster_state:ok", StringComparison.Ordinal))
            {
                await Task.Yield();
            }
        }

        await using var log = await OpenAsync(connectionString: server.ConnectionString);
        await using var other = await OpenAsync(connectionString: server.ConnectionString);
        var wait = other.WaitAsync(3, 0, default).AsTask();
        var key = RequestKey.Of("producer"u8, 1L);
        LogAppend[] appends = [.. Enumerable.Range(0, Partitions).Select(partition => new LogAppend(partition, new byte[10], 1) { Keys = [key] })];
        LogAppend[] again = [.. Enumerable.Range(0, Partitions).Select(partition => new LogAppend(partition, new byte[10], 1) { Keys = [key] })];

        await log.AppendAsync(appends, default);
        await other.AppendAsync(again, default);

        Assert.All(appends, append => Assert.Equal(AppendStatus.Appended, append.Status));
        Assert.All(again, append => Assert.Equal(AppendStatus.Repeated, append.Status));
        await wait.WaitAsync(Patience);
        await log.TrimAsync(2, 1, default);
        await log.SetAsideAsync(2, new LogRecord(1, 1, 1, new byte[1]), "test", default);
        Assert.Single(await other.ReadAsync(1, 0, 1000, default));
    }

    [SkippableFact]
    public async Task A_log_that_cannot_be_opened_says_why()
    {
        using var server = await RedisServer.StartAsync("--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru");

        var eviction = await Assert.ThrowsAsync<InvalidOperationException>(() => OpenAsync(connectionString: server.ConnectionString));
        Assert.Contains("maxmemory-policy allkeys-lru", eviction.Message, StringComparison.Ordinal);
        await using (var admin = await server.ConnectAsync())
        {
            await admin.GetDatabase().ExecuteAsync("CONFIG", "SET", "maxmemory-policy", "noeviction");
        }

        var sync = await Assert.ThrowsAsync<InvalidOperationException>(
            () => OpenAsync(new PointLogOptions { Sync = LogSync.Full }, connectionString: server.ConnectionString));
        Assert.Contains("appendfsync everysec", sync.Message, StringComparison.Ordinal);
        server.Kill();
        var down = await Assert.ThrowsAsync<InvalidOperationException>(
            () => OpenAsync(connectionString: server.ConnectionString + ",password=secret"));
        Assert.Contains(server.ConnectionString, down.Message, StringComparison.Ordinal);
        Assert.Contains("RedisLog:ConnectionString", down.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", down.ToString(), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_redis_that_writes_every_append_to_the_disk_keeps_what_full_sync_promises()
    {
        await using var log = await OpenAsync(new PointLogOptions { Sync = LogSync.Full });

        Assert.Equal(0, (await log.GetHeadAsync(0, default)).Position);
    }

    [SkippableFact]
    public async Task An_account_with_the_documented_rights_suffices()
    {
        await using (var admin = await redis.Server.ConnectAsync())
        {
            await admin.GetDatabase().ExecuteAsync(
                "ACL", "SETUSER", "points", "on", ">secret", $"~{{{_prefix}*", "&*", "+@all", "-@admin", "-@dangerous", "+info");
        }

        await using var log = await OpenAsync(connectionString: redis.Server.ConnectionString + ",user=points,password=secret");
        await using var other = await OpenAsync();
        var wait = log.WaitAsync(0, 1, default).AsTask();
        var append = Append(0, 10);

        await log.AppendAsync([append], default);
        await other.AppendAsync([Append(0, 10)], default);

        Assert.Equal(AppendStatus.Appended, append.Status);
        await wait.WaitAsync(Patience);
        await log.TrimAsync(0, 1, default);
        Assert.Single(await log.ReadAsync(0, 0, 1000, default));
        await log.SetAsideAsync(0, new LogRecord(1, 1, 1, new byte[1]), "test", default);
    }

    [SkippableFact]
    public async Task Without_the_right_to_publish_and_subscribe_others_appends_are_found_by_looking()
    {
        await using (var admin = await redis.Server.ConnectAsync())
        {
            await admin.GetDatabase().ExecuteAsync("ACL", "SETUSER", "silent", "on", ">secret", "~*", "resetchannels", "+@all");
        }

        await using var log = await OpenAsync(connectionString: redis.Server.ConnectionString + ",user=silent,password=secret");
        await using var other = await OpenAsync(connectionString: redis.Server.ConnectionString + ",user=silent,password=secret");
        var wait = log.WaitAsync(0, 0, default).AsTask();
        var append = Append(0, 10);

        await other.AppendAsync([append], default);

        await wait.WaitAsync(Patience);
        Assert.Equal((AppendStatus.Appended, 1L), (append.Status, append.Position));
    }

    [Fact]
    public void All_options_out_of_range_are_reported_at_once_without_the_password()
    {
        var result = new RedisLogOptionsValidator().Validate(
            null, new RedisLogOptions { ConnectionString = "password=secret", KeyPrefix = "a{b}", RetryTimeout = TimeSpan.Zero, WakeInterval = TimeSpan.FromSeconds(2) });

        Assert.Equal(4, result.Failures!.Count());
        Assert.DoesNotContain(result.Failures!, failure => failure.Contains("secret", StringComparison.Ordinal));
        Assert.True(new RedisLogOptionsValidator().Validate(null, new RedisLogOptions { ConnectionString = "localhost" }).Succeeded);
    }

    private static LogAppend Append(int partition, int bytes)
    {
        var payload = new byte[bytes];
        new Random(bytes).NextBytes(payload);
        return new LogAppend(partition, payload, 1);
    }

    private static async Task<(long Position, long PointsThrough, long Bytes)> HeadAsync(RedisPointLog log)
    {
        var head = await log.GetHeadAsync(0, default);
        return (head.Position, head.PointsThrough, head.Bytes);
    }

    private Task<RedisPointLog> OpenAsync(PointLogOptions? options = null, string? prefix = null, string? connectionString = null) => RedisPointLog.OpenAsync(
        new RedisLogOptions { ConnectionString = connectionString ?? redis.Server.ConnectionString, KeyPrefix = prefix ?? _prefix, RetryTimeout = TimeSpan.FromSeconds(30) },
        Partitions,
        options ?? new PointLogOptions(),
        TimeProvider.System,
        NullLogger.Instance,
        default);
}
