namespace OrleansMetrics.Cli.Host.Proc;

/// <summary>A line of <c>/proc/diskstats</c>: what a block device has done since boot.</summary>
internal sealed record DiskCounters(string Name, ulong Reads, ulong ReadBytes, ulong Writes, ulong WrittenBytes, ulong BusyMilliseconds)
{
    /// <summary>Sectors in this file are 512 bytes, whatever the device's own are.</summary>
    private const ulong SectorBytes = 512;

    /// <summary>Reads the file's content. Devices that have never done anything (unused loop and ram devices) are left out.</summary>
    public static DiskCounters[] Parse(string content)
    {
        var disks = new List<DiskCounters>();
        foreach (var line in ProcFields.Lines(content))
        {
            var fields = ProcFields.Split(line);
            if (fields.Length < 14)
            {
                continue;
            }
            var disk = new DiskCounters(
                fields[2],
                ProcFields.Counter(fields, 3), ProcFields.Counter(fields, 5) * SectorBytes,
                ProcFields.Counter(fields, 7), ProcFields.Counter(fields, 9) * SectorBytes,
                ProcFields.Counter(fields, 12));
            if (disk.Reads + disk.Writes > 0)
            {
                disks.Add(disk);
            }
        }
        return [.. disks];
    }
}
