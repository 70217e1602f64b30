using System.Text;
using Microsoft.Extensions.Time.Testing;
using OrleansMetrics.Cli.Host.Proc;
using OrleansMetrics.Cli.Host.Sampling;
using OrleansMetrics.Cli.Tests.Nodes;

namespace OrleansMetrics.Cli.Tests.Host;

public sealed class HostSamplerTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    [Fact]
    public void Rates_are_per_second_whatever_the_interval()
    {
        var points = Sample(TimeSpan.FromSeconds(2), 1000, 3000);

        Assert.Equal(1000, points["net_bytes_recv_per_second interface=eth0,host=a"]);
        Assert.Equal(1000, points["diskio_read_bytes_per_second name=vda,host=a"]);
        Assert.Equal(2000, points["net_err_in interface=eth0,host=a"]);
        Assert.Equal(50, points["mem_used_percent host=a"]);
        Assert.Equal(25, points["cpu_usage_user cpu=cpu-total,host=a"]);
        Assert.Equal(75, points["cpu_usage_idle cpu=cpu-total,host=a"]);
        Assert.Equal(7, points["processes_total host=a"]);
        Assert.Equal(80, points["disk_used_percent path=/,fstype=ext4,host=a"]);
        Assert.Equal(1, points["system_n_cpus host=a"]);
    }

    [Fact]
    public void A_counter_that_was_reset_gives_no_rate()
    {
        var points = Sample(TimeSpan.FromSeconds(1), 3000, 1000);

        Assert.DoesNotContain(points.Keys, key => key.StartsWith("net_", StringComparison.Ordinal));
        Assert.Contains("cpu_usage_user cpu=cpu-total,host=a", points.Keys);
    }

    [Fact]
    public void Names_and_values_are_escaped_rounded_and_carry_the_time_in_nanoseconds()
    {
        var lines = new LineWriter([new("host", "a b,c=d\\"), new("empty", ""), new("path", "shared")], 1_767_225_600_000_000_100);
        lines.Add("disk io", [("path", "/mnt/a\nb")], [("used", 2.0 / 3), ("bad", double.NaN), ("free", 1e300)]);
        lines.Add("nothing", [], [("bad", double.PositiveInfinity)]);

        Assert.Equal("disk\\ io,path=/mnt/a_b,host=a\\ b\\,c\\=d_ used=0.67,free=1E+300 1767225600000000100\n", Encoding.UTF8.GetString(lines.ToUtf8()));
        Assert.Equal(2, lines.Points);
    }

    [Fact]
    public void This_machine_can_be_read()
    {
        var reader = new HostReader(TimeProvider.System);
        var first = reader.Read();
        var second = reader.Read();
        var sample = new HostSampler(TimeProvider.System, [new("host", "a")]).Sample(first, second);

        Assert.True(first.Memory.Total > 0 && first.Processes > 0 && first.Stat.Cpus.Length > 1);
        Assert.Equal(sample.Points, Lines.Parse(Encoding.UTF8.GetString(sample.Lines)).Count());
    }

    private Dictionary<string, double> Sample(TimeSpan interval, ulong before, ulong now)
    {
        var first = Reading(before, 100, 100);
        _time.Advance(interval);
        var second = Reading(now, 125, 175);
        var sample = new HostSampler(_time, [new("host", "a")]).Sample(first, second);
        return Lines.Parse(Encoding.UTF8.GetString(sample.Lines)).ToDictionary(point => $"{point.Metric} {point.Tags}", point => point.Value);
    }

    private HostReading Reading(ulong counter, ulong user, ulong idle)
    {
        CpuTimes Times(string name) => new(name, user, 0, 0, idle, 0, 0, 0, 0, 0, 0);
        return new HostReading(
            _time.GetUtcNow(), _time.GetTimestamp(), new ProcStat([Times("cpu-total"), Times("cpu0")], 1, 0, 0), new MemoryInfo(100, 50, 10, 5, 5, 1, 0, 0),
            new LoadAverage(1, 2, 3, 4), [new DiskCounters("vda", counter, counter, counter, counter, counter)],
            [new InterfaceCounters("eth0", counter, counter, counter, counter, counter, counter, counter, counter)],
            [new FilesystemUse("/", "ext4", 1000, 200, 200)], 7);
    }
}
