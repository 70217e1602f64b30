using OrleansMetrics.Benchmarks.Compare;
using OrleansMetrics.Benchmarks.Reports;

namespace OrleansMetrics.Benchmarks.Tests.Reports;

public sealed class CompareReportTests
{
    private static readonly CompareOptions Options = new()
    {
        Rounds = 3, Points = 1_000, WarmUpPoints = 0, Series = [10], Metrics = 1, Connections = 1, Rate = 0, EventSpan = TimeSpan.FromSeconds(30), After = TimeSpan.Zero,
    };

    [Fact]
    public void The_ratio_is_the_median_of_the_rounds_own()
    {
        var table = CompareReport.Table(Options, [new SeriesComparison(10, 80, [Server("node", 100, 400, 90), Server("floor", 50, 100, 60)])]);

        var floor = table.Split('\n').Single(static line => line.Contains("| floor ", StringComparison.Ordinal)).Split('|', StringSplitOptions.TrimEntries);
        Assert.Equal("60 (50–100)", floor[3]);
        Assert.Equal("2.00", floor[4]);
    }

    [Fact]
    public void Points_that_were_left_out_are_told()
    {
        var late = Round(100) with { LeftOut = 7, Refusals = 2 };
        var table = CompareReport.Table(Options, [new SeriesComparison(10, 80, [new ServerRounds("node", [Round(100), late]), Server("floor", 50, 50)])]);

        Assert.Contains("10 series, node: 2 requests refused and sent again; 7 points acknowledged and left out at most.", table, StringComparison.Ordinal);
        Assert.DoesNotContain("series, floor:", table, StringComparison.Ordinal);
    }

    [Fact]
    public void A_plot_has_a_line_per_server_and_a_point_per_number_of_series()
    {
        LinePlot plot = CompareReport.Plot(
            [new SeriesComparison(10, 80, [Server("node", 100), Server("floor", 50)]), new SeriesComparison(1_000, 80, [Server("node", 200), Server("floor", 60)])]);

        Assert.Equal(["node", "floor"], plot.Lines.Select(static line => line.Name));
        Assert.Equal([(10.0, 100.0), (1_000.0, 200.0)], plot.Lines[0].Points);
    }

    [Fact]
    public void A_warm_up_meets_every_series_twice()
    {
        Assert.Equal(200, Options.WarmUpFor(10));
        Assert.Equal(4_000, Options.WarmUpFor(2_000));
        Assert.Equal(30_000_000, Options.EventStep);
    }

    private static ServerRounds Server(string name, params double[] cpu) => new(name, [.. cpu.Select(Round)]);

    private static LoadMeasurement Round(double cpu) => new()
    {
        CpuNanosecondsPerPoint = cpu, PointsPerSecond = 1e6, ResidentBytes = 1 << 20, LoaderNanosecondsPerPoint = 20, OthersShare = 0.1, AfterMillisecondsPerSecond = 0,
        RequestP50 = 1, RequestP99 = 2, Refusals = 0, LeftOut = 0,
    };
}
