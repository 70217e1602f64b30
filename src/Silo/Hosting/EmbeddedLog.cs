using Microsoft.Extensions.Options;
using OrleansMetrics.Gateway.Hosting;
using OrleansMetrics.Streams.PointLog;
using OrleansMetrics.Streams.PointLog.Segments;
using OrleansMetrics.Streams.PointLog.Sqlite;

namespace OrleansMetrics.Silo.Hosting;

/// <summary>The log of a standalone node, in its data directory.</summary>
internal static class EmbeddedLog
{
    /// <summary>
    /// Opens the log that <c>Log:Provider</c> asks for. A SQLite log of an earlier version is imported: it may hold points that were acknowledged and
    /// that no snapshot has.
    /// </summary>
    /// <exception cref="InvalidOperationException">The directory has a log that this provider cannot read, or two.</exception>
    public static IPointLog Open(IServiceProvider provider)
    {
        // Created before the log, so released after it. The log lies in the directory that it keeps to one node.
        _ = provider.GetRequiredService<DirectoryLock>();
        var directory = provider.GetRequiredService<IOptions<StorageOptions>>().Value.Directory;
        var partitions = provider.GetRequiredService<IOptions<PartitionOptions>>().Value.Count;
        var options = provider.GetRequiredService<IOptions<PointLogOptions>>().Value;
        var time = provider.GetRequiredService<TimeProvider>();
        var file = Path.Combine(directory, "log.db");
        var segments = Path.Combine(directory, "log");
        if (provider.GetRequiredService<IOptions<LogProviderOptions>>().Value.Provider == LogProvider.Sqlite)
        {
            return SqliteImport.IsLog(segments)
                ? throw new InvalidOperationException(
                    $"Log:Provider is Sqlite, but the log of '{directory}' is in segment files, '{segments}', and may hold points that no snapshot has. "
                    + "Leave Log:Provider out, or move the directory away.")
                : SqlitePointLog.Open(file, partitions, options, time, provider.GetRequiredService<ILogger<SqlitePointLog>>(), isShared: false);
        }

        var logger = provider.GetRequiredService<ILogger<SegmentPointLog>>();
        SqliteImport.Run(file, segments, partitions, options, time, logger);
        return SegmentPointLog.Open(segments, partitions, options, time, logger);
    }
}
