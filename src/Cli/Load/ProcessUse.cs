using System.Globalization;
using OrleansMetrics.Cli.CommandLine;

namespace OrleansMetrics.Cli.Load;

/// <summary>What a process has used, from <c>/proc/PID/stat</c> (proc_pid_stat(5)).</summary>
/// <param name="Cpu">User and system time since the process started, to a hundredth of a second.</param>
/// <param name="ResidentBytes">Memory it holds.</param>
internal readonly record struct ProcessUse(TimeSpan Cpu, long ResidentBytes)
{
    /// <summary>USER_HZ: the unit of times in this file, 100 on every architecture that .NET runs on, whatever the kernel's own tick.</summary>
    private const long UserHertz = 100;

    /// <summary>Reads a process; null when there is none.</summary>
    public static ProcessUse? Read(int pid)
    {
        try
        {
            return Parse(File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat")), Environment.SystemPageSize);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Reads a process that must exist.</summary>
    /// <exception cref="CliFailureException">It does not.</exception>
    public static ProcessUse Require(int pid) => Read(pid) ?? throw new CliFailureException($"--pid: there is no process {pid} to read under /proc.", ExitCode.Usage);

    /// <summary>Reads the file's content. The command's name, in parentheses, may itself hold spaces and parentheses.</summary>
    public static ProcessUse Parse(string stat, int pageBytes)
    {
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        // Counted from the state, field 3 of the manual page: utime is field 14, stime 15, rss 24.
        var ticks = Number(fields[11]) + Number(fields[12]);
        return new ProcessUse(TimeSpan.FromTicks(ticks * (TimeSpan.TicksPerSecond / UserHertz)), Number(fields[21]) * pageBytes);
    }

    private static long Number(string text) => long.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
}
