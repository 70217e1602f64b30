using Microsoft.Extensions.Logging.Abstractions;
using OrleansMetrics.Streams.PointLog;
using OrleansMetrics.Streams.PointLog.Sqlite;

namespace OrleansMetrics.Faults.Clusters;

/// <summary>The files that silos and gateways of a cluster share.</summary>
internal sealed class ClusterStores : IDisposable
{
    public const int Partitions = 4;

    private readonly string _directory = Directory.CreateTempSubdirectory("orleansmetrics-faults-").FullName;

    public string SnapshotsPath => Path.Combine(_directory, "snapshots.db");

    /// <summary>The log as one process opens it.</summary>
    public SqlitePointLog OpenLog(TimeProvider clock) => SqlitePointLog.Open(
        Path.Combine(_directory, "log.db"), Partitions, new PointLogOptions { MaxBytesPerPartition = 256 * 1024 }, clock, NullLogger.Instance);

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
