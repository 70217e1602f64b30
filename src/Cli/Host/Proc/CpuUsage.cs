namespace OrleansMetrics.Cli.Host.Proc;

/// <summary>The share of each mode in a stretch of time, in percent.</summary>
internal sealed record CpuUsage(
    double User, double System, double Idle, double Nice, double IoWait, double Irq, double SoftIrq, double Steal, double Guest, double GuestNice);
