using OrleansMetrics.Streams.PointLog;
using StackExchange.Redis;

namespace OrleansMetrics.Streams.Redis;

/// <summary>The fields of a partition's head, a hash that the scripts write.</summary>
internal static class HeadFields
{
    public static readonly RedisValue Position = "position";

    public static readonly RedisValue[] All = [Position, "points", "ingested", "trimmed", "bytes", "trimmedBytes"];

    /// <summary>The head that <see cref="All"/> were read as.</summary>
    public static LogHead ToHead(RedisValue[] values) =>
        new((long)values[0], (long)values[1], (long)values[2], (long)values[3], (long)values[4] - (long)values[5]);
}
