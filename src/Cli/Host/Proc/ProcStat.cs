namespace OrleansMetrics.Cli.Host.Proc;

/// <summary><c>/proc/stat</c>.</summary>
/// <param name="Cpus">The whole machine first (named <c>cpu-total</c>), then each processor (<c>cpu0</c>…).</param>
/// <param name="Running">Processes that can run.</param>
/// <param name="Blocked">Processes that wait for a disk.</param>
/// <param name="BootTime">Seconds since the Unix epoch.</param>
internal sealed record ProcStat(CpuTimes[] Cpus, ulong Running, ulong Blocked, ulong BootTime)
{
    /// <summary>Reads the file's content; fields that a kernel does not have are 0.</summary>
    public static ProcStat Parse(string content)
    {
        var cpus = new List<CpuTimes>();
        ulong running = 0, blocked = 0, bootTime = 0;
        foreach (var line in ProcFields.Lines(content))
        {
            // The line "intr" has a field per interrupt; none of them is of interest.
            if (line.StartsWith("intr", StringComparison.Ordinal))
            {
                continue;
            }
            var fields = ProcFields.Split(line);
            switch (fields[0])
            {
                case "procs_running":
                    running = ProcFields.Counter(fields, 1);
                    break;
                case "procs_blocked":
                    blocked = ProcFields.Counter(fields, 1);
                    break;
                case "btime":
                    bootTime = ProcFields.Counter(fields, 1);
                    break;
                case var name when name.StartsWith("cpu", StringComparison.Ordinal):
                    cpus.Add(ParseCpu(name, fields));
                    break;
            }
        }
        return new ProcStat([.. cpus], running, blocked, bootTime);
    }

    private static CpuTimes ParseCpu(string name, string[] fields) => new(
        name == "cpu" ? "cpu-total" : name,
        ProcFields.Counter(fields, 1), ProcFields.Counter(fields, 2), ProcFields.Counter(fields, 3), ProcFields.Counter(fields, 4),
        ProcFields.Counter(fields, 5), ProcFields.Counter(fields, 6), ProcFields.Counter(fields, 7), ProcFields.Counter(fields, 8),
        ProcFields.Counter(fields, 9), ProcFields.Counter(fields, 10));
}
