using OrleansMetrics.Cli.Host.Proc;

namespace OrleansMetrics.Cli.Tests.Host;

public sealed class ProcTests
{
    private const string Stat = """
        cpu  8553 0 2951 365713 668 0 30 22 0 0
        cpu0 3319 0 1457 184019 37 0 5 9 0 0
        cpu1 5234 0 1493 181693 631 0 24 13 0 0
        intr 216998 0 0 0 0 1 1 15 0 0
        ctxt 557295
        btime 1795393562
        processes 5239
        procs_running 2
        procs_blocked 1
        softirq 126924 0 26549 9 5693 14867 0 2 42808 0 36996

        """;

    private const string MemInfo = """
        MemTotal:       24684096 kB
        MemFree:        24449304 kB
        MemAvailable:   24398392 kB
        Buffers:            1788 kB
        Cached:           120432 kB
        SwapCached:            0 kB
        Active(anon):       1544 kB
        Shmem:              8788 kB
        SwapTotal:       2097148 kB
        SwapFree:        2000000 kB
        HugePages_Total:       7

        """;

    private const string DiskStats = """
           7       0 loop0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
         254       0 vda 14360 5244 3084738 15058 2749 9510 2162608 3490 0 8060 18778 3155 48 42984 228 6 0
         259       1 nvme0n1p1 100 0 800 10 50 0 400 5 0 12 15
         253       0 zram0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0

        """;

    private const string NetDev = """
        Inter-|   Receive                                                |  Transmit
         face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
            lo:    3293      31    0    0    0     0          0         0     3293      31    0    0    0     0       0          0
          eth0:159987858    4726    1    2    0     0          0         0   344225    3638    3    4    0     0       0          0
        eth0:1:      5       1    0    0    0     0          0         0        6       2    0    0    0     0       0          0

        """;

    [Fact]
    public void Stat_gives_the_machine_each_processor_and_its_processes()
    {
        var stat = ProcStat.Parse(Stat);

        Assert.Equal(["cpu-total", "cpu0", "cpu1"], stat.Cpus.Select(cpu => cpu.Name));
        Assert.Equal(new CpuTimes("cpu1", 5234, 0, 1493, 181693, 631, 0, 24, 13, 0, 0), stat.Cpus[2]);
        Assert.Equal((2UL, 1UL, 1795393562UL), (stat.Running, stat.Blocked, stat.BootTime));
    }

    [Fact]
    public void Fields_that_an_old_kernel_lacks_are_zero()
    {
        Assert.Equal(new CpuTimes("cpu-total", 1, 2, 3, 4, 0, 0, 0, 0, 0, 0), Assert.Single(ProcStat.Parse("cpu  1 2 3 4\n").Cpus));
    }

    [Fact]
    public void Modes_add_up_to_100_percent_and_guest_time_is_not_user_time()
    {
        var before = new CpuTimes("cpu0", 100, 10, 50, 1000, 5, 1, 2, 3, 40, 5);
        var now = new CpuTimes("cpu0", 160, 20, 70, 1090, 10, 2, 4, 6, 60, 10);

        var usage = now.Since(before)!;

        // User 60 of which 20 guest, nice 10 of which 5 guest, system 20, idle 90, iowait 5, irq 1, softirq 2, steal 3: 191 ticks.
        Assert.Equal(40 * 100 / 191.0, usage.User, 9);
        Assert.Equal(20 * 100 / 191.0, usage.Guest, 9);
        Assert.Equal(5 * 100 / 191.0, usage.Nice, 9);
        Assert.Equal(100, usage.User + usage.System + usage.Idle + usage.Nice + usage.IoWait + usage.Irq + usage.SoftIrq + usage.Steal + usage.Guest + usage.GuestNice, 9);
    }

    [Fact]
    public void A_counter_that_steps_back_counts_as_nothing_and_no_time_gives_no_usage()
    {
        var before = new CpuTimes("cpu0", 100, 0, 0, 100, 50, 0, 0, 0, 0, 0);

        Assert.Null(before.Since(before));
        var usage = (before with { User = 110, Idle = 190, IoWait = 40 }).Since(before)!;
        Assert.Equal((10, 90, 0), (usage.User, usage.Idle, usage.IoWait));
    }

    [Fact]
    public void Memory_is_in_bytes_and_used_is_what_is_not_available()
    {
        var memory = MemoryInfo.Parse(MemInfo);

        Assert.Equal(24684096UL * 1024, memory.Total);
        Assert.Equal((24684096UL - 24398392) * 1024, memory.Used);
        Assert.Equal((2097148UL - 2000000) * 1024, memory.SwapUsed);
        Assert.Equal(8788UL * 1024, memory.Shared);
    }

    [Fact]
    public void Without_MemAvailable_free_buffered_and_cached_memory_is_available()
    {
        Assert.Equal(60UL * 1024, MemoryInfo.Parse("MemTotal: 100 kB\nMemFree: 10 kB\nBuffers: 20 kB\nCached: 30 kB\n").Available);
    }

    [Fact]
    public void Disks_count_sectors_of_512_bytes_and_unused_ones_are_left_out()
    {
        Assert.Equal(
            [new DiskCounters("vda", 14360, 3084738UL * 512, 2749, 2162608UL * 512, 8060), new DiskCounters("nvme0n1p1", 100, 800 * 512, 50, 400 * 512, 12)],
            DiskCounters.Parse(DiskStats));
    }

    [Fact]
    public void Interfaces_are_read_whether_or_not_a_space_follows_the_name()
    {
        Assert.Equal(
            [
                new InterfaceCounters("lo", 3293, 31, 0, 0, 3293, 31, 0, 0),
                new InterfaceCounters("eth0", 159987858, 4726, 1, 2, 344225, 3638, 3, 4),
                new InterfaceCounters("eth0:1", 5, 1, 0, 0, 6, 2, 0, 0),
            ],
            InterfaceCounters.Parse(NetDev));
    }

    [Fact]
    public void Load_has_three_means_and_the_number_of_threads()
    {
        Assert.Equal(new LoadAverage(0.07, 12.5, 0.03, 88), LoadAverage.Parse("0.07 12.50 0.03 1/88 5243\n"));
        Assert.Throws<FormatException>(() => LoadAverage.Parse("0.07"));
    }

    [Fact]
    public void Empty_files_give_nothing_and_do_not_fail()
    {
        Assert.Empty(ProcStat.Parse("").Cpus);
        Assert.Empty(DiskCounters.Parse(""));
        Assert.Empty(InterfaceCounters.Parse(""));
        Assert.Equal(0UL, MemoryInfo.Parse("").Total);
    }
}
