namespace OrleansMetrics.Cli.Host.Proc;

/// <summary>Ticks that a processor spent in each mode since boot: a <c>cpu</c> line of <c>/proc/stat</c> (proc(5)).</summary>
internal sealed record CpuTimes(
    string Name, ulong User, ulong Nice, ulong System, ulong Idle, ulong IoWait, ulong Irq, ulong SoftIrq, ulong Steal, ulong Guest, ulong GuestNice)
{
    /// <summary>
    /// The share of each mode since an earlier reading, in percent; they add up to 100. The kernel counts guest time as user time too;
    /// here it is taken out of user, as telegraf does. Null when no time has passed.
    /// </summary>
    public CpuUsage? Since(CpuTimes earlier)
    {
        // Counters of a mode can step back (iowait, a processor that went away and came back): then nothing was spent in it.
        var guest = Delta(Guest, earlier.Guest);
        var guestNice = Delta(GuestNice, earlier.GuestNice);
        var user = Math.Max(0, Delta(User, earlier.User) - guest);
        var nice = Math.Max(0, Delta(Nice, earlier.Nice) - guestNice);
        var system = Delta(System, earlier.System);
        var idle = Delta(Idle, earlier.Idle);
        var ioWait = Delta(IoWait, earlier.IoWait);
        var irq = Delta(Irq, earlier.Irq);
        var softIrq = Delta(SoftIrq, earlier.SoftIrq);
        var steal = Delta(Steal, earlier.Steal);
        var total = user + nice + system + idle + ioWait + irq + softIrq + steal + guest + guestNice;
        if (total == 0)
        {
            return null;
        }
        var percent = 100 / total;
        return new CpuUsage(
            user * percent, system * percent, idle * percent, nice * percent, ioWait * percent,
            irq * percent, softIrq * percent, steal * percent, guest * percent, guestNice * percent);
    }

    private static double Delta(ulong now, ulong before) => now > before ? now - before : 0;
}
