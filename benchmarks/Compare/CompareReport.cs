using System.Globalization;
using OrleansMetrics.Benchmarks.Reports;
using OrleansMetrics.Benchmarks.Statistics;

namespace OrleansMetrics.Benchmarks.Compare;

/// <summary>Medians of a run and ratios within it.</summary>
internal static class CompareReport
{
    /// <summary>A table of all comparisons, and below it what casts doubt on them.</summary>
    public static string Table(CompareOptions options, IReadOnlyList<SeriesComparison> comparisons)
    {
        string[] headings = ["series", "server", "CPU, ns/point (range)", "first ÷ this", "points/s", "memory, MiB", "request p50, p99, ms"];
        var table = new TextTable(options.After > TimeSpan.Zero ? [.. headings, "CPU afterwards, ms/s"] : headings);
        foreach (var comparison in comparisons)
        {
            foreach (var server in comparison.Servers)
            {
                var cpu = new Sample(server.Cpu);
                table.Add(
                    Text($"{comparison.Series:N0}"),
                    server.Server,
                    Text($"{cpu.Median:N0} ({cpu.Least:N0}–{cpu.Greatest:N0})"),
                    server == comparison.Servers[0] ? "" : Text($"{Sample.Ratios(comparison.Servers[0].Cpu, server.Cpu).Median:0.00}"),
                    Text($"{Median(server, static round => round.PointsPerSecond) / 1e6:0.00}M"),
                    Text($"{Median(server, static round => round.ResidentBytes) / (1 << 20):N0}"),
                    Text($"{Median(server, static round => round.RequestP50):0.0}, {Median(server, static round => round.RequestP99):0.0}"),
                    // The table cuts off what has no heading.
                    Text($"{Median(server, static round => round.AfterMillisecondsPerSecond):0.0}"));
            }
        }
        return string.Join('\n', [table.ToString(), .. Notes(comparisons), .. Doubts(comparisons), ""]);
    }

    /// <summary>CPU per point against series, a line per server.</summary>
    public static LinePlot Plot(IReadOnlyList<SeriesComparison> comparisons) => new()
    {
        Title = "CPU of the server per point",
        XTitle = "series",
        YTitle = "ns",
        XIsLogarithmic = true,
        Lines = [.. comparisons[0].Servers.Select((server, number) => new PlotLine(
            server.Server,
            [.. comparisons.Select(comparison => (
                (double)comparison.Series, Median(comparison.Servers[number], static round => round.CpuNanosecondsPerPoint)))]))],
    };

    private static IEnumerable<string> Notes(IReadOnlyList<SeriesComparison> comparisons)
    {
        var all = comparisons.SelectMany(static comparison => comparison.Servers).SelectMany(static server => server.Rounds).ToList();
        var loader = new Sample(all.Select(static round => round.LoaderNanosecondsPerPoint)).Median;
        var others = new Sample(all.Select(static round => round.OthersShare));
        yield return Text($"Medians of {comparisons[0].Servers[0].Rounds.Count} rounds, servers in turn, each started anew and warmed up; ratios are medians of the rounds' own.")
            + Text($" Lines have {comparisons.Average(static comparison => comparison.BytesPerLine):0} bytes; the loader used {loader:0} ns/point of the same cores.");
        yield return Text($"Other processes had {others.Median:P0} of the machine (median; {others.Greatest:P0} at most).");
    }

    private static IEnumerable<string> Doubts(IReadOnlyList<SeriesComparison> comparisons) =>
        from comparison in comparisons
        from server in comparison.Servers
        let refusals = server.Rounds.Sum(static round => round.Refusals)
        let leftOut = server.Rounds.Max(static round => round.LeftOut)
        where refusals + leftOut > 0
        select Text($"{comparison.Series:N0} series, {server.Server}: ")
            + Text($"{refusals} requests refused and sent again; {leftOut:N0} points acknowledged and left out at most.");

    private static double Median(ServerRounds server, Func<LoadMeasurement, double> figure) => server.Of(figure).Median;

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
