using System.CommandLine;
using System.Globalization;
using OrleansMetrics.Benchmarks.CommandLine;
using OrleansMetrics.Benchmarks.Compare;
using OrleansMetrics.Benchmarks.Load;
using OrleansMetrics.Benchmarks.Reports;
using OrleansMetrics.Benchmarks.Servers;
using OrleansMetrics.Benchmarks.Statistics;

namespace OrleansMetrics.Benchmarks.Scale;

/// <summary><c>scale</c>: CPU per point of the node against partitions and metrics, with the same points.</summary>
internal sealed class ScaleCommand
{
    private static readonly TimeSpan EventSpan = TimeSpan.FromSeconds(30);

    private readonly Option<int[]> _partitions = OptionValues.Numbers("--partitions", "Numbers of partitions.", 1, 4, 16, 64);
    private readonly Option<int[]> _metrics = OptionValues.Numbers("--metrics", "Numbers of metrics.", 20, 2_000, 20_000);
    private readonly Option<long> _series = OptionValues.Number("--series", "Series of all metrics together.", 100_000, 1);
    private readonly Option<long> _points = OptionValues.Number("--points", "Points of a load.", 2_000_000, 5_000);
    private readonly Option<long> _rounds = OptionValues.Number("--rounds", "How often each combination is measured.", 1, 1);
    private readonly Option<long> _rate = OptionValues.Number("--rate", "Points per second; 0: as fast as the node answers.", 0);
    private readonly Option<bool> _markdown = OptionValues.Markdown();
    private readonly NodeSelection _nodes = new();

    public static Command Define()
    {
        var scale = new ScaleCommand();
        var command = new Command("scale", "Measures CPU per point of the node for numbers of partitions and metrics.")
        {
            scale._partitions, scale._metrics, scale._series, scale._points, scale._rounds, scale._rate, scale._markdown,
        };
        foreach (var option in scale._nodes.Options)
        {
            command.Add(option);
        }
        command.SetAction(scale.Run);
        return command;
    }

    private int Run(ParseResult arguments)
    {
        using var stop = ConsoleStop.Listen();
        var partitions = arguments.GetValue(_partitions)!;
        var metrics = arguments.GetValue(_metrics)!;
        var cells = (from count in metrics from partition in partitions select (Metrics: count, Partitions: partition))
            .ToDictionary(static cell => cell, static _ => new List<LoadMeasurement>());
        for (var round = 0; round < arguments.GetValue(_rounds); round++)
        {
            foreach (var count in metrics)
            {
                var requests = RequestSet.Build(new LoadShape { Metrics = count, Series = (int)arguments.GetValue(_series) });
                foreach (var partition in partitions)
                {
                    var node = _nodes.Read(arguments, string.Create(CultureInfo.InvariantCulture, $"Partitions:Count={partition}"))[0];
                    var measured = Measure(node, requests, arguments, stop.Token);
                    cells[(count, partition)].Add(measured);
                    Console.Error.WriteLine(
                        $"{count:N0} metrics, {partition} partitions: {measured.CpuNanosecondsPerPoint:0} ns/point, {measured.PointsPerSecond / 1e6:0.00}M points/s, others {measured.OthersShare:P0}");
                }
            }
        }
        if (arguments.GetValue(_markdown))
        {
            Console.WriteLine($"{RunDescription.Describe()}\n\n```sh\n{CommandText.Of("scale", arguments)}\n```\n");
        }
        Console.Write(Table(partitions, metrics, cells));
        return 0;
    }

    private static string Table(int[] partitions, int[] metrics, Dictionary<(int Metrics, int Partitions), List<LoadMeasurement>> cells)
    {
        string[] headings = [.. partitions.Select(static count => string.Create(CultureInfo.InvariantCulture, $"{count} {(count == 1 ? "partition" : "partitions")}"))];
        var table = new TextTable(["CPU, ns/point; points/s", .. headings]);
        foreach (var count in metrics)
        {
            table.Add([string.Create(CultureInfo.InvariantCulture, $"{count:N0} metrics"), .. partitions.Select(partition => Cell(cells[(count, partition)]))]);
        }
        return table.ToString();
    }

    private static string Cell(List<LoadMeasurement> rounds)
    {
        var cpu = new Sample(rounds.Select(static round => round.CpuNanosecondsPerPoint)).Median;
        var speed = new Sample(rounds.Select(static round => round.PointsPerSecond)).Median;
        return string.Create(CultureInfo.InvariantCulture, $"{cpu:N0}; {speed / 1e6:0.00}M");
    }

    private LoadMeasurement Measure(NodeProgram node, RequestSet requests, ParseResult arguments, CancellationToken cancellationToken)
    {
        var points = arguments.GetValue(_points);
        var step = Math.Max(1, EventSpan.Ticks * TimeSpan.NanosecondsPerTick / points);
        using var server = RunningServer.Start(node, cancellationToken);
        using var load = new MeasuredLoad(server, requests);
        load.WarmUp(new LoadPlan(Math.Max(points / 4, 2L * requests.Shape.TotalSeries), 0, step), cancellationToken);
        return load.Run(new LoadPlan(points, arguments.GetValue(_rate), step), TimeSpan.Zero, cancellationToken);
    }
}
