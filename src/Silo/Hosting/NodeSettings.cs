using OrleansMetrics.Gateway.Ingest;
using OrleansMetrics.Grains.Flush;
using OrleansMetrics.Grains.Windows;
using OrleansMetrics.Streams.Batching;
using OrleansMetrics.Streams.PointLog;
using OrleansMetrics.Streams.QueueAdapter;

namespace OrleansMetrics.Silo.Hosting;

/// <summary>All settings of a node; docs/operations.md lists them.</summary>
internal static class NodeSettings
{
    /// <summary>Every section.</summary>
    public static IReadOnlyList<SettingsSection> Sections { get; } =
    [
        SettingsSection.Of<NodeOptions>("Node"),
        SettingsSection.Of<StorageOptions>("Storage"),
        SettingsSection.Of<PartitionOptions>("Partitions"),
        SettingsSection.Of<WindowOptions>("Windows"),
        SettingsSection.Of<FlushOptions>("Flush"),
        SettingsSection.Of<PointLogOptions>(PointLogOptions.Section),
        SettingsSection.Of<IngestOptions>(IngestOptions.Section),
        SettingsSection.Of<PointTimeOptions>(PointTimeOptions.Section),
        SettingsSection.Of<BatchingOptions>("Batching"),
        SettingsSection.Of<SeriesCacheOptions>(SeriesCacheOptions.Section),
        SettingsSection.Of<PointStreamOptions>(PointStreamOptions.Section),
    ];

    /// <summary>Everything that is wrong, before anything is opened or started.</summary>
    /// <remarks>The host checks too, but after it has made its services, some of which already need settings: it names the first failure only.</remarks>
    public static IEnumerable<string> Check(WebApplication app) => Sections
        .SelectMany(section => section.Check(app.Services, app.Configuration))
        .Concat(PortCheck.Check(app.Services.GetRequiredService<NodeAddress>(), app.Configuration["urls"]));
}
