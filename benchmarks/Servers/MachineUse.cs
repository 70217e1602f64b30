using System.Globalization;

namespace OrleansMetrics.Benchmarks.Servers;

/// <summary>CPU time that the whole machine has spent on something since it booted, from the first line of <c>/proc/stat</c>.</summary>
internal static class MachineUse
{
    private const long UserHertz = 100;

    /// <summary>proc_stat(5): user, nice, system, irq, softirq, steal; not idle, iowait, and guests, which are within user.</summary>
    private static readonly int[] BusyFields = [1, 2, 3, 6, 7, 8];

    /// <summary>Reads it.</summary>
    public static TimeSpan Busy() => Parse(File.ReadAllText("/proc/stat"));

    /// <summary>The file's content.</summary>
    public static TimeSpan Parse(string stat)
    {
        var fields = stat[..stat.IndexOf('\n', StringComparison.Ordinal)].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var ticks = BusyFields.Where(field => field < fields.Length).Sum(field => long.Parse(fields[field], CultureInfo.InvariantCulture));
        return TimeSpan.FromTicks(ticks * (TimeSpan.TicksPerSecond / UserHertz));
    }
}
