using OrleansMetrics.Gateway.Hosting;
using OrleansMetrics.Grains.Flush;
using OrleansMetrics.Grains.History;
using OrleansMetrics.Grains.Windows;
using OrleansMetrics.Streams.QueueAdapter;

namespace OrleansMetrics.Silo.Hosting;

/// <summary>All settings of a node that holds partitions; docs/operations.md lists them.</summary>
internal static class NodeSettings
{
    /// <summary>Every section.</summary>
    public static IReadOnlyList<SettingsSection> Sections { get; } =
    [
        .. GatewaySettings.Sections,
        SettingsSection.Of<StorageOptions>("Storage"),
        SettingsSection.Of<WindowOptions>("Windows"),
        SettingsSection.Of<SeriesOptions>("Series"),
        SettingsSection.Of<HistoryOptions>("History"),
        SettingsSection.Of<FlushOptions>("Flush"),
        SettingsSection.Of<PointStreamOptions>(PointStreamOptions.Section),
        SettingsSection.Of<RemindersOptions>("Reminders"),
        SettingsSection.Of<SnapshotsOptions>(SnapshotsOptions.Section),
        SettingsSection.Of<DashboardOptions>("Dashboard"),
    ];
}
