using OrleansMetrics.Cli.Host.Delivery;
using OrleansMetrics.Cli.Host.Proc;

namespace OrleansMetrics.Cli.Host.Sampling;

/// <summary>
/// Turns two readings into points, named as telegraf names them: <c>cpu</c> (percent by mode), <c>mem</c>, <c>swap</c>, <c>system</c>,
/// <c>processes</c>, <c>disk</c> (space), <c>diskio</c> and <c>net</c> (rates per second; errors and drops since the reading before).
/// </summary>
internal sealed class HostSampler(TimeProvider time, IReadOnlyCollection<KeyValuePair<string, string>> tags)
{
    /// <summary>The sample between two readings.</summary>
    public HostSample Sample(HostReading earlier, HostReading now)
    {
        var lines = new LineWriter(tags, (now.At - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick);
        var seconds = time.GetElapsedTime(earlier.Timestamp, now.Timestamp).TotalSeconds;
        var total = AddProcessors(lines, earlier, now);
        AddMemory(lines, now.Memory);
        lines.Add("system", [],
        [
            ("load1", now.Load.Load1), ("load5", now.Load.Load5), ("load15", now.Load.Load15), ("n_cpus", now.Stat.Cpus.Length - 1),
            ("uptime", Math.Floor((now.At - DateTimeOffset.UnixEpoch).TotalSeconds - now.Stat.BootTime)),
        ]);
        lines.Add("processes", [],
        [
            ("total", now.Processes), ("total_threads", now.Load.Threads), ("running", now.Stat.Running), ("blocked", now.Stat.Blocked),
        ]);
        foreach (var filesystem in now.Filesystems)
        {
            lines.Add("disk", [("path", filesystem.Path), ("fstype", filesystem.Type)],
            [
                ("total", filesystem.Total), ("used", filesystem.Used), ("free", filesystem.Available), ("used_percent", filesystem.UsedPercent),
            ]);
        }
        AddDisks(lines, earlier.Disks, now.Disks, seconds);
        AddInterfaces(lines, earlier.Interfaces, now.Interfaces, seconds);
        return new HostSample(now.At, lines.ToUtf8(), lines.Points, total is null ? 0 : 100 - total.Idle, MemoryPercent(now.Memory.Used, now.Memory), now.Load.Load1);
    }

    private static CpuUsage? AddProcessors(LineWriter lines, HostReading earlier, HostReading now)
    {
        var before = earlier.Stat.Cpus.ToDictionary(cpu => cpu.Name, StringComparer.Ordinal);
        CpuUsage? total = null;
        foreach (var cpu in now.Stat.Cpus)
        {
            if (before.TryGetValue(cpu.Name, out var times) && cpu.Since(times) is { } usage)
            {
                total ??= usage;
                lines.Add("cpu", [("cpu", cpu.Name)],
                [
                    ("usage_user", usage.User), ("usage_system", usage.System), ("usage_idle", usage.Idle), ("usage_nice", usage.Nice),
                    ("usage_iowait", usage.IoWait), ("usage_irq", usage.Irq), ("usage_softirq", usage.SoftIrq), ("usage_steal", usage.Steal),
                    ("usage_guest", usage.Guest), ("usage_guest_nice", usage.GuestNice),
                ]);
            }
        }
        return total;
    }

    private static void AddMemory(LineWriter lines, MemoryInfo memory)
    {
        lines.Add("mem", [],
        [
            ("total", memory.Total), ("available", memory.Available), ("used", memory.Used), ("free", memory.Free), ("cached", memory.Cached),
            ("buffered", memory.Buffered), ("shared", memory.Shared), ("used_percent", MemoryPercent(memory.Used, memory)),
            ("available_percent", MemoryPercent(memory.Available, memory)),
        ]);
        lines.Add("swap", [],
        [
            ("total", memory.SwapTotal), ("used", memory.SwapUsed), ("free", memory.SwapFree),
            ("used_percent", memory.SwapTotal == 0 ? 0 : 100.0 * memory.SwapUsed / memory.SwapTotal),
        ]);
    }

    private static void AddDisks(LineWriter lines, DiskCounters[] earlier, DiskCounters[] now, double seconds)
    {
        var before = earlier.ToDictionary(disk => disk.Name, StringComparer.Ordinal);
        foreach (var disk in now)
        {
            if (before.TryGetValue(disk.Name, out var old))
            {
                lines.Add("diskio", [("name", disk.Name)],
                [
                    ("read_bytes_per_second", Rate(disk.ReadBytes, old.ReadBytes, seconds)),
                    ("write_bytes_per_second", Rate(disk.WrittenBytes, old.WrittenBytes, seconds)),
                    ("reads_per_second", Rate(disk.Reads, old.Reads, seconds)),
                    ("writes_per_second", Rate(disk.Writes, old.Writes, seconds)),
                    ("io_util", Math.Min(100, Rate(disk.BusyMilliseconds, old.BusyMilliseconds, seconds) / 10)),
                ]);
            }
        }
    }

    private static void AddInterfaces(LineWriter lines, InterfaceCounters[] earlier, InterfaceCounters[] now, double seconds)
    {
        var before = earlier.ToDictionary(one => one.Name, StringComparer.Ordinal);
        foreach (var one in now)
        {
            if (before.TryGetValue(one.Name, out var old))
            {
                lines.Add("net", [("interface", one.Name)],
                [
                    ("bytes_recv_per_second", Rate(one.ReceivedBytes, old.ReceivedBytes, seconds)),
                    ("bytes_sent_per_second", Rate(one.SentBytes, old.SentBytes, seconds)),
                    ("packets_recv_per_second", Rate(one.ReceivedPackets, old.ReceivedPackets, seconds)),
                    ("packets_sent_per_second", Rate(one.SentPackets, old.SentPackets, seconds)),
                    ("err_in", Delta(one.ReceiveErrors, old.ReceiveErrors)), ("err_out", Delta(one.SendErrors, old.SendErrors)),
                    ("drop_in", Delta(one.ReceiveDrops, old.ReceiveDrops)), ("drop_out", Delta(one.SendDrops, old.SendDrops)),
                ]);
            }
        }
    }

    private static double MemoryPercent(ulong part, MemoryInfo memory) => memory.Total == 0 ? 0 : 100.0 * part / memory.Total;

    /// <summary>A counter that stepped back was reset (a device came back): nothing is known about the time between.</summary>
    private static double Delta(ulong now, ulong before) => now >= before ? now - before : double.NaN;

    private static double Rate(ulong now, ulong before, double seconds) => seconds > 0 ? Delta(now, before) / seconds : double.NaN;
}
