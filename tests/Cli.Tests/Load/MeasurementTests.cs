using Microsoft.Extensions.Time.Testing;
using OrleansMetrics.Cli.Load;

namespace OrleansMetrics.Cli.Tests.Load;

public sealed class MeasurementTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Points_are_spread_evenly()
    {
        var pacer = new Pacer(_time, 1000);

        Assert.Equal(TimeSpan.Zero, pacer.Reserve(500));
        Assert.Equal(TimeSpan.FromMilliseconds(500), pacer.Reserve(250));
        _time.Advance(TimeSpan.FromMilliseconds(600));
        Assert.Equal(TimeSpan.FromMilliseconds(150), pacer.Reserve(1000));
        Assert.Equal(TimeSpan.FromMilliseconds(1150), pacer.Reserve(1000));
    }

    [Fact]
    public void A_load_that_fell_behind_catches_up_one_second_at_most()
    {
        var pacer = new Pacer(_time, 1000);
        pacer.Reserve(100);
        _time.Advance(TimeSpan.FromMinutes(1));

        var released = 0;
        while (pacer.Reserve(100) == TimeSpan.Zero)
        {
            released += 100;
        }
        Assert.InRange(released, 1000, 1100);
    }

    [Fact]
    public void No_rate_means_no_waiting()
    {
        var pacer = new Pacer(_time, 0);
        Assert.All(Enumerable.Range(0, 1000), _ => Assert.Equal(TimeSpan.Zero, pacer.Reserve(1_000_000)));
    }

    [Fact]
    public void Quantiles_are_within_a_bucket_and_the_maximum_is_exact()
    {
        var (first, second) = (new LatencyHistogram(), new LatencyHistogram());
        for (var i = 1; i <= 10_000; i++)
        {
            (i % 2 == 0 ? first : second).Add(TimeSpan.FromMicroseconds(i * 7));
        }
        first.Merge(second);

        foreach (var probability in (double[])[0.001, 0.5, 0.9, 0.99])
        {
            var exact = probability * 70_000;
            Assert.InRange(first.Quantile(probability).TotalMicroseconds, exact * 0.999, exact * 1.033);
        }
        Assert.Equal(TimeSpan.FromMicroseconds(70_000), first.Max);
        Assert.Equal(first.Max, first.Quantile(1));
        Assert.Equal(TimeSpan.Zero, new LatencyHistogram().Quantile(0.5));
    }

    [Fact]
    public void Extreme_durations_fit_into_the_histogram()
    {
        var histogram = new LatencyHistogram();
        histogram.Add(TimeSpan.Zero);
        histogram.Add(TimeSpan.FromTicks(-1));
        histogram.Add(TimeSpan.MaxValue);

        Assert.Equal(TimeSpan.Zero, histogram.Quantile(0.5));
        Assert.Equal(TimeSpan.MaxValue, histogram.Max);
    }

    [Fact]
    public void A_processs_times_are_found_behind_a_name_with_spaces_and_parentheses()
    {
        const string Stat = "4242 (dot net) (x) S 1 4242 4242 0 -1 4194560 52000 0 12 0 250 75 0 0 20 0 30 0 12345 280000000 15000 18446744073709551615 1 1 0\n";

        Assert.Equal(new ProcessUse(TimeSpan.FromSeconds(3.25), 15000L * 4096), ProcessUse.Parse(Stat, 4096));
        Assert.True(ProcessUse.Read(Environment.ProcessId)!.Value.ResidentBytes > 0);
    }

    [Fact]
    public void Listening_sockets_are_found_by_port()
    {
        const string Table = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 31415 1 0000000000000000 100 0 0 10 0
               1: 0100007F:1F90 0100007F:A2C4 01 00000000:00000000 00:00000000 00000000     0        0 27182 1 0000000000000000 20 4 30 10 -1
               2: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 16180 1 0000000000000000 100 0 0 10 0
            """;

        Assert.Equal(["31415"], ListenerProcess.ListeningInodes(Table, 8080));
    }
}
