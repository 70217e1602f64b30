using System.CommandLine;
using OrleansMetrics.Benchmarks.CommandLine;
using OrleansMetrics.Benchmarks.Reports;
using OrleansMetrics.Benchmarks.Servers;

namespace OrleansMetrics.Benchmarks.Compare;

/// <summary><c>compare</c>: the node, VictoriaMetrics and the floor on the same load, in one run.</summary>
internal sealed class CompareCommand
{
    private readonly Option<long> _rounds = OptionValues.Number("--rounds", "How often each server is measured.", 5, 1);
    private readonly Option<long> _points = OptionValues.Number("--points", "Points of a load.", 5_000_000, 5_000);
    private readonly Option<long> _warmUp = OptionValues.Number("--warm-up", "Points sent before that; 0: a fifth, and every series twice at least.", 0);
    private readonly Option<int[]> _series = OptionValues.Numbers("--series", "Series of all metrics together; each number is measured.", 1_000, 100_000);
    private readonly Option<long> _metrics = OptionValues.Number("--metrics", "Metrics.", 20, 1);
    private readonly Option<long> _connections = OptionValues.Number("--connections", "Connections of the loader.", 4, 1);
    private readonly Option<long> _rate = OptionValues.Number("--rate", "Points per second; 0: as fast as the server answers.", 0);
    private readonly Option<long> _span = OptionValues.Number("--span", "Seconds by which the points' own time moves in a load, so that windows turn over.", 30, 1);
    private readonly Option<long> _after = OptionValues.Number("--after", "Seconds for which a server is watched after a load, for work that it puts off.", 0);
    private readonly Option<bool> _markdown = OptionValues.Markdown();
    private readonly Option<string?> _plot = OptionValues.Plot("CPU per point against series");
    private readonly NodeSelection _nodes = new();

    public static Command Define()
    {
        var compare = new CompareCommand();
        var command = new Command("compare", "Measures CPU per point, throughput and memory of the node, of VictoriaMetrics and of the floor, in turn.")
        {
            compare._rounds, compare._points, compare._warmUp, compare._series, compare._metrics, compare._connections, compare._rate, compare._span, compare._after,
            compare._markdown, compare._plot,
        };
        foreach (var option in compare._nodes.Options)
        {
            command.Add(option);
        }
        command.SetAction(compare.Run);
        return command;
    }

    private int Run(ParseResult arguments)
    {
        using var stop = ConsoleStop.Listen();
        var options = new CompareOptions
        {
            Rounds = (int)arguments.GetValue(_rounds),
            Points = arguments.GetValue(_points),
            WarmUpPoints = arguments.GetValue(_warmUp),
            Series = arguments.GetValue(_series)!,
            Metrics = (int)arguments.GetValue(_metrics),
            Connections = (int)arguments.GetValue(_connections),
            Rate = arguments.GetValue(_rate),
            EventSpan = TimeSpan.FromSeconds(arguments.GetValue(_span)),
            After = TimeSpan.FromSeconds(arguments.GetValue(_after)),
        };
        List<IServerProgram> programs = [.. _nodes.Read(arguments)];
        if (VictoriaMetricsProgram.Find() is { } victoria)
        {
            programs.Add(victoria);
        }
        else
        {
            Console.Error.WriteLine("VictoriaMetrics is left out: it is not installed (Debian: apt-get install victoria-metrics).");
        }
        programs.Add(RoleProgram.Floor);

        var run = new CompareRun(options, programs, Console.Error.WriteLine);
        List<SeriesComparison> comparisons = [.. options.Series.Select(series => run.Measure(series, stop.Token))];

        if (arguments.GetValue(_markdown))
        {
            Console.WriteLine($"{RunDescription.Describe()}\n\n```sh\n{CommandText.Of("compare", arguments)}\n```\n");
        }
        Console.Write(CompareReport.Table(options, comparisons));
        if (arguments.GetValue(_plot) is { } file)
        {
            CompareReport.Plot(comparisons).Save(file);
        }
        return 0;
    }
}
