using OrleansMetrics.Cli.Host.Proc;

namespace OrleansMetrics.Cli.Host.Sampling;

/// <summary>Everything read from the machine at one moment. Counters are since boot; a sample needs two readings.</summary>
/// <param name="At">Wall clock, for the points' timestamps.</param>
/// <param name="Timestamp">Monotonic clock, for rates.</param>
/// <param name="Stat">Processors.</param>
/// <param name="Memory">Memory and swap.</param>
/// <param name="Load">Load.</param>
/// <param name="Disks">Block devices.</param>
/// <param name="Interfaces">Network interfaces.</param>
/// <param name="Filesystems">Mounted filesystems.</param>
/// <param name="Processes">Processes that exist.</param>
internal sealed record HostReading(
    DateTimeOffset At, long Timestamp, ProcStat Stat, MemoryInfo Memory, LoadAverage Load,
    DiskCounters[] Disks, InterfaceCounters[] Interfaces, FilesystemUse[] Filesystems, int Processes);
