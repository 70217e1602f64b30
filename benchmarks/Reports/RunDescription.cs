using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using OrleansMetrics.Benchmarks.Servers;

namespace OrleansMetrics.Benchmarks.Reports;

/// <summary>Where numbers come from: every table for the documents begins with it.</summary>
internal static class RunDescription
{
    /// <summary>Date, commit, machine.</summary>
    public static string Describe() => string.Create(
        CultureInfo.InvariantCulture, $"Measured on {DateTime.UtcNow:yyyy-MM-dd} at commit {Commit()}, on {Machine()}.");

    /// <summary>Short name of the commit, with a plus when files differ from it.</summary>
    public static string Commit() => Git("rev-parse", "--short", "HEAD") is not { Length: > 0 } commit ? "unknown"
        : Git("status", "--porcelain", "--untracked-files=no") is { Length: > 0 } ? commit + "+" : commit;

    /// <summary>Processor, memory, kernel, runtime.</summary>
    public static string Machine()
    {
        var model = Line("/proc/cpuinfo", "model name") ?? RuntimeInformation.ProcessArchitecture.ToString();
        var memory = long.TryParse(Line("/proc/meminfo", "MemTotal")?.Split(' ')[0], CultureInfo.InvariantCulture, out var kibibytes) ? kibibytes / 1048576.0 : 0;
        return string.Create(
            CultureInfo.InvariantCulture, $"{Environment.ProcessorCount} cores of {model}, {memory:0} GiB, {RuntimeInformation.OSDescription.Split('#')[0].Trim()}, {RuntimeInformation.FrameworkDescription}");
    }

    /// <summary>How many processes want a core, on average over the last minute.</summary>
    public static string LoadAverage() => File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown";

    private static string? Line(string file, string name) => !File.Exists(file) ? null
        : File.ReadLines(file).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?.Split(':', 2)[1].Trim();

    private static string? Git(params string[] arguments)
    {
        try
        {
            using var git = Process.Start(new ProcessStartInfo("git", arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Repository.Root })!;
            var output = git.StandardOutput.ReadToEnd().Trim();
            git.WaitForExit();
            return git.ExitCode == 0 ? output : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
