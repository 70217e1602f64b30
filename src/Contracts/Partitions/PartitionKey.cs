using System.Globalization;
using System.IO.Hashing;

namespace OrleansMetrics.Contracts.Partitions;

/// <summary>Which partition a metric belongs to, and the grain and stream key of a partition.</summary>
public static class PartitionKey
{
    /// <summary>Provider and namespace of the streams that carry batches: one stream per partition.</summary>
    public const string StreamNamespace = "points";

    /// <summary>The partition of a metric: XXH3 of its UTF-8 name modulo the number of partitions of the cluster.</summary>
    public static int Of(ReadOnlySpan<byte> metric, int partitions) => (int)(XxHash3.HashToUInt64(metric) % (ulong)partitions);

    /// <summary>The key of the partition's grains and of its stream: the decimal number.</summary>
    public static string Format(int partition) => partition.ToString(CultureInfo.InvariantCulture);

    /// <summary>The partition of a grain or stream key.</summary>
    public static int Parse(string key) => int.Parse(key, NumberStyles.None, CultureInfo.InvariantCulture);
}
