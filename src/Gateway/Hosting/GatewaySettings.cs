using OrleansMetrics.Gateway.Ingest;
using OrleansMetrics.Streams.Batching;
using OrleansMetrics.Streams.PointLog;
using OrleansMetrics.Streams.Redis;

namespace OrleansMetrics.Gateway.Hosting;

/// <summary>All settings of a gateway, which nodes of the other roles have too; docs/operations.md lists them.</summary>
internal static class GatewaySettings
{
    /// <summary>Every section.</summary>
    public static IReadOnlyList<SettingsSection> Sections { get; } =
    [
        SettingsSection.Of<NodeOptions>("Node"),
        SettingsSection.Of<ClusteringOptions>(ClusteringOptions.Section),
        SettingsSection.Of<PartitionOptions>("Partitions"),
        SettingsSection.Of<LogProviderOptions>(PointLogOptions.Section),
        SettingsSection.Of<PointLogOptions>(PointLogOptions.Section),
        SettingsSection.Of<RedisLogOptions>(RedisLogOptions.Section),
        SettingsSection.Of<IngestOptions>(IngestOptions.Section),
        SettingsSection.Of<PointTimeOptions>(PointTimeOptions.Section),
        SettingsSection.Of<BatchingOptions>("Batching"),
        SettingsSection.Of<SeriesCacheOptions>(SeriesCacheOptions.Section),
    ];
}
