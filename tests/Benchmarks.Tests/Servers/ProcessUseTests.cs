using OrleansMetrics.Benchmarks.Servers;

namespace OrleansMetrics.Benchmarks.Tests.Servers;

public sealed class ProcessUseTests
{
    [Fact]
    public void A_name_with_spaces_and_parentheses_does_not_move_the_fields()
    {
        var use = ProcessUse.Parse("42 (a) b (c) S 1 42 42 0 -1 4194560 9 8 7 6 123 45 3 2 20 0 17 0 99 100000 2500 18446744073709551615 1 1", 4096);

        Assert.Equal(new ProcessUse(TimeSpan.FromMilliseconds(1_680), 2500 * 4096L), use);
    }

    [SkippableFact]
    public void A_process_is_read_more_finely_than_in_hundredths_of_a_second()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "CPU time of processes is read from /proc.");
        var least = TimeSpan.MaxValue;
        var before = Environment.CpuUsage.TotalTime;
        var last = ProcessUse.Read(Environment.ProcessId).Cpu;
        for (var i = 0; i < 100; i++)
        {
            var now = ProcessUse.Read(Environment.ProcessId).Cpu;
            least = now > last && now - last < least ? now - last : least;
            last = now;
        }

        // Read in hundredths, the clock would stand still or move by ten milliseconds at least.
        Assert.InRange(least, TimeSpan.FromTicks(1), TimeSpan.FromMilliseconds(9));
        Assert.InRange(last, before - TimeSpan.FromMilliseconds(20), Environment.CpuUsage.TotalTime + TimeSpan.FromMilliseconds(20));
        Assert.InRange(ProcessUse.Read(Environment.ProcessId).ResidentBytes, 1 << 20, 1L << 40);
    }

    [SkippableFact]
    public void A_process_that_is_not_there_cannot_be_read()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "CPU time of processes is read from /proc.");
        Assert.ThrowsAny<IOException>(static () => ProcessUse.Read(int.MaxValue));
    }

    [Fact]
    public void The_machine_is_busy_with_all_but_idling_and_waiting() => Assert.Equal(
        TimeSpan.FromSeconds(1 + 2 + 3 + 6 + 7 + 8),
        MachineUse.Parse("cpu  100 200 300 40000 50000 600 700 800 9 10\ncpu0 1 1 1 1 1 1 1 1 1 1\n"));

    [Fact]
    public void A_ledger_is_settled_when_everything_acknowledged_has_left_the_log()
    {
        Assert.Null(NodeProgram.LeftOut(Stats(accepted: 10, processed: 8, inFlight: 2), 10));
        Assert.Null(NodeProgram.LeftOut(Stats(accepted: 9, processed: 9, inFlight: 0), 10));
        Assert.Equal(3, NodeProgram.LeftOut(Stats(accepted: 10, processed: 7, inFlight: 0), 10));
    }

    private static byte[] Stats(int accepted, int processed, int inFlight) =>
        System.Text.Encoding.UTF8.GetBytes($$"""{"accepted":{{accepted}},"processed":{{processed}},"inFlight":{{inFlight}},"nodes":[]}""");
}
