namespace OrleansMetrics.Cli.Host.Delivery;

/// <summary>One sample of the machine, ready to be sent.</summary>
/// <param name="At">When it was taken.</param>
/// <param name="Lines">Line protocol with timestamps in nanoseconds.</param>
/// <param name="Points">Points in it.</param>
/// <param name="CpuPercent">Processors in use, for display.</param>
/// <param name="MemoryPercent">Memory in use, for display.</param>
/// <param name="Load1">Load, for display.</param>
internal sealed record HostSample(DateTimeOffset At, byte[] Lines, int Points, double CpuPercent, double MemoryPercent, double Load1);
