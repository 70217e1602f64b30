using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OrleansMetrics.Streams.Contract;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Streams.Redis.Tests;

public sealed class RedisPointLogTests(SharedRedis redis) : SharedPointLogContract, IClassFixture<SharedRedis>
{
    private readonly string _prefix = $"test-{Guid.NewGuid():n}";

    protected override async Task<IPointLog> OpenAsync(PointLogOptions? options = null, TimeProvider? time = null, int partitions = Partitions) =>
        await RedisPointLog.OpenAsync(
            new RedisLogOptions { ConnectionString = redis.Server.ConnectionString, KeyPrefix = _prefix, WakeInterval = TimeSpan.Zero },
            partitions,
            options ?? new PointLogOptions(),
            time ?? TimeProvider.System,
            NullLogger.Instance,
            default);

    // Records are stamped by Redis' clock, which cannot be turned: instead, all that was stamped becomes older.
    protected override async Task AdvanceAsync(FakeTimeProvider time, TimeSpan by)
    {
        await using var connection = await redis.Server.ConnectAsync();
        var keys = new PartitionKeys(_prefix, 0);
        await connection.GetDatabase().ScriptEvaluateAsync(
            """
            for _, key in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
              redis.call('ZINCRBY', KEYS[1], -ARGV[1] * 2048, key)
            end
            redis.call('HINCRBY', KEYS[2], 'ingested', -ARGV[1])
            redis.call('HINCRBY', KEYS[2], 'keyScore', -ARGV[1] * 2048)
            """,
            [keys.Requests, keys.Head],
            [(long)by.TotalMilliseconds]);
        time.Advance(by);
    }
}
