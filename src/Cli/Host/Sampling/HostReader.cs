using OrleansMetrics.Cli.Host.Proc;

namespace OrleansMetrics.Cli.Host.Sampling;

/// <summary>Reads the machine through <c>/proc</c> and <c>statvfs</c>.</summary>
internal sealed class HostReader(TimeProvider time, string procDirectory = "/proc")
{
    /// <summary>What the machine shows now.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public HostReading Read() => new(
        time.GetUtcNow(),
        time.GetTimestamp(),
        ProcStat.Parse(Content("stat")),
        MemoryInfo.Parse(Content("meminfo")),
        LoadAverage.Parse(Content("loadavg")),
        File.Exists(PathOf("diskstats")) ? DiskCounters.Parse(Content("diskstats")) : [],
        InterfaceCounters.Parse(Content("net/dev")),
        FilesystemUse.ReadAll(),
        CountProcesses());

    private string PathOf(string name) => Path.Combine(procDirectory, name);

    private string Content(string name) => File.ReadAllText(PathOf(name));

    private int CountProcesses() =>
        Directory.EnumerateDirectories(procDirectory).Count(directory => char.IsAsciiDigit(Path.GetFileName(directory)[0]));
}
