using System.Globalization;
using System.Runtime.InteropServices;

namespace OrleansMetrics.Benchmarks.Servers;

/// <summary>What a process has used since it started.</summary>
/// <param name="Cpu">User and system time of all its threads, those that have ended included.</param>
/// <param name="ResidentBytes">Memory it holds.</param>
internal readonly record struct ProcessUse(TimeSpan Cpu, long ResidentBytes)
{
    /// <summary>USER_HZ: the unit of times in /proc/PID/stat, 100 on every architecture that .NET runs on.</summary>
    private const long UserHertz = 100;

    /// <summary>CPUCLOCK_SCHED in the kernel's encoding of another process's clock: what clock_getcpuclockid(3) returns.</summary>
    private const int SchedulerClock = 2;

    /// <summary>
    /// Reads a process. The time is the scheduler's own, in nanoseconds, where the kernel gives it; else that of <c>/proc/PID/stat</c>, which is
    /// the same in hundredths of a second, rounded down. (<c>/proc/PID/schedstat</c> is that of the first thread only.)
    /// </summary>
    /// <exception cref="IOException">There is no such process.</exception>
    public static ProcessUse Read(int pid)
    {
        var use = Parse(File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat")), Environment.SystemPageSize);
        return SchedulerTime(pid) is { } exact ? use with { Cpu = exact } : use;
    }

    /// <summary>The content of <c>/proc/PID/stat</c>, proc_pid_stat(5). The command's name, in parentheses, may itself hold spaces and parentheses.</summary>
    public static ProcessUse Parse(string stat, int pageBytes)
    {
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        // Counted from the state, field 3 of the manual page: utime is field 14, stime 15, rss 24.
        var ticks = Number(fields[11]) + Number(fields[12]);
        return new ProcessUse(TimeSpan.FromTicks(ticks * (TimeSpan.TicksPerSecond / UserHertz)), Number(fields[21]) * pageBytes);
    }

    private static long Number(string text) => long.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);

    private static TimeSpan? SchedulerTime(int pid) => NativeMethods.ClockGetTime((~pid << 3) | SchedulerClock, out var time) == 0
        ? TimeSpan.FromTicks((time.Seconds * TimeSpan.TicksPerSecond) + (time.Nanoseconds / TimeSpan.NanosecondsPerTick))
        : null;

    private static class NativeMethods
    {
        [DllImport("libc", EntryPoint = "clock_gettime")]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int ClockGetTime(int clock, out TimeSpec time);
    }

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct TimeSpec
    {
        // time_t and long have the width of a pointer on Linux.
        public readonly nint Seconds;
        public readonly nint Nanoseconds;
    }
}
