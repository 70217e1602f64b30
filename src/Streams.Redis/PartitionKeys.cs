using System.Globalization;
using StackExchange.Redis;

namespace OrleansMetrics.Streams.Redis;

/// <summary>
/// The keys of a partition. They share a hash tag, so that a Redis cluster holds them on one node and a script may use them together.
/// </summary>
internal sealed class PartitionKeys
{
    public PartitionKeys(string prefix, int partition)
    {
        var tag = string.Create(CultureInfo.InvariantCulture, $"{{{prefix}:{partition}}}");
        Log = $"{tag}:log";
        Head = $"{tag}:head";
        Requests = $"{tag}:requests";
        Writers = $"{tag}:writers";
        Aside = $"{tag}:aside";
        Appended = RedisChannel.Literal($"{tag}:log");
        Append = [Log, Head, Requests, Writers];
        LogAndHead = [Log, Head];
    }

    /// <summary>Stream: the records.</summary>
    public RedisKey Log { get; }

    /// <summary>Hash: where the partition stands.</summary>
    public RedisKey Head { get; }

    /// <summary>Sorted set: keys of requests that may be sent again, in the order of their arrival.</summary>
    public RedisKey Requests { get; }

    /// <summary>Hash: the last append of each process and its result.</summary>
    public RedisKey Writers { get; }

    /// <summary>Hash: records set aside.</summary>
    public RedisKey Aside { get; }

    /// <summary>Told the position of the head by every append.</summary>
    public RedisChannel Appended { get; }

    public RedisKey[] Append { get; }

    public RedisKey[] LogAndHead { get; }
}
