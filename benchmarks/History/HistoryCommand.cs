using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using OrleansMetrics.Benchmarks.CommandLine;
using OrleansMetrics.Benchmarks.Load;
using OrleansMetrics.Benchmarks.Reports;
using OrleansMetrics.Benchmarks.Servers;
using OrleansMetrics.Benchmarks.Statistics;

namespace OrleansMetrics.Benchmarks.History;

/// <summary><c>history</c>: how long queries of a day take, after a start and later.</summary>
internal sealed class HistoryCommand
{
    /// <summary>Queries after a start that still run code which the runtime is about to compile again; they are a column of their own.</summary>
    private const int EarlyQueries = 12;

    private static readonly string[] DefaultMembers = ["mean", "count,sum,min,max,mean,last,p99"];

    private readonly Option<long> _metrics = OptionValues.Number("--metrics", "Metrics.", 4, 1);
    private readonly Option<long> _series = OptionValues.Number("--series", "Series of each metric.", 100, 1);
    private readonly Option<long> _hours = OptionValues.Number("--hours", "How many hours of points.", 24, 1);
    private readonly Option<long> _interval = OptionValues.Number("--interval", "Seconds between two points of a series.", 10, 1);
    private readonly Option<long> _queries = OptionValues.Number("--queries", "Warm queries of each kind, of all starts together.", 200, 1);
    private readonly Option<long> _starts = OptionValues.Number("--starts", "How often each node is started.", 3, 1);
    private readonly Option<string> _step = new("--step") { Description = "Length of the windows asked for.", DefaultValueFactory = static _ => "1m" };
    private readonly Option<string[]> _members = new("--agg") { Description = "Members asked for; may be repeated.", DefaultValueFactory = static _ => DefaultMembers };
    private readonly Option<bool> _markdown = OptionValues.Markdown();
    private readonly NodeSelection _nodes = new();

    public static Command Define()
    {
        var history = new HistoryCommand();
        var command = new Command("history", "Measures queries of a day of windows, after a start and later.")
        {
            history._metrics, history._series, history._hours, history._interval, history._queries, history._starts, history._step, history._members, history._markdown,
        };
        foreach (var option in history._nodes.Options)
        {
            command.Add(option);
        }
        command.SetAction(history.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken _)
    {
        using var stop = ConsoleStop.Listen();
        var shape = new HistoryShape((int)arguments.GetValue(_metrics), (int)arguments.GetValue(_series), (int)arguments.GetValue(_hours), (int)arguments.GetValue(_interval));
        var nodes = _nodes.Read(arguments);
        var members = arguments.GetValue(_members)!;
        var start = Stopwatch.GetTimestamp();
        using var data = await HistoryData.MakeAsync(shape, stop.Token);
        Console.Error.WriteLine($"{shape.Hours} hours in {Stopwatch.GetElapsedTime(start).TotalSeconds:0} s");
        var starts = (int)arguments.GetValue(_starts);
        var results = (from node in nodes from asked in members select (Node: node.Name, Members: asked)).ToDictionary(static key => key, static _ => new HistoryQueries());
        var (machine, own, used) = (MachineUse.Busy(), Environment.CpuUsage.TotalTime, TimeSpan.Zero);
        var began = Stopwatch.GetTimestamp();
        for (var round = 0; round < starts; round++)
        {
            foreach (var (number, node) in nodes.Index())
            {
                foreach (var (place, asked) in members.Index())
                {
                    used += Measure(node, data, shape, asked, Path(data, asked, arguments), (int)arguments.GetValue(_queries) / starts, results[(node.Name, asked)], stop.Token);
                    Console.Error.WriteLine($"round {round + 1} of {starts}: {node.Name}, {asked}: warm {HistoryQueries.Many(results[(node.Name, asked)].Warm)} ms");
                }
            }
        }

        var others = (MachineUse.Busy() - machine - used - (Environment.CpuUsage.TotalTime - own)) / (Stopwatch.GetElapsedTime(began) * Environment.ProcessorCount);
        if (arguments.GetValue(_markdown))
        {
            Console.WriteLine($"{RunDescription.Describe()}\n\n```sh\n{CommandText.Of("history", arguments)}\n```\n");
        }
        Console.Write(Table(results));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{shape.Hours} h at {arguments.GetValue(_step)} over {shape.SeriesPerMetric} series; {starts} starts; others {Math.Max(0, others):P0}"));
        return 0;
    }

    private static string Table(Dictionary<(string Node, string Members), HistoryQueries> results)
    {
        var table = new TextTable("node", "agg", "JSON, MB", "first after a start p50, most, ms", "cold p50, most, ms", $"{EarlyQueries} that follow p50, most, ms", "warm p50, p99, ms", "CPU of the node per warm query, ms", "memory, MiB");
        foreach (var ((node, members), queries) in results)
        {
            table.Add(
                node, members, string.Create(CultureInfo.InvariantCulture, $"{queries.Bytes / 1e6:0.0}"),
                HistoryQueries.Few(queries.First), HistoryQueries.Few(queries.Cold), HistoryQueries.Few(queries.Early), HistoryQueries.Many(queries.Warm),
                string.Create(CultureInfo.InvariantCulture, $"{new Sample(queries.CpuPerQuery).Median:0}"), string.Create(CultureInfo.InvariantCulture, $"{queries.ResidentBytes >> 20}"));
        }
        return table.ToString();
    }

    private string Path(HistoryData data, string members, ParseResult arguments) => string.Create(
        CultureInfo.InvariantCulture, $"/windows?from={data.Start.ToUnixTimeSeconds()}&to={data.End.ToUnixTimeSeconds()}&step={arguments.GetValue(_step)}&agg={members}&limit=1000");

    /// <summary>Asks a node that has just started; returns the CPU time that it used in all.</summary>
    private static TimeSpan Measure(
        NodeProgram node, HistoryData data, HistoryShape shape, string members, string path, int queries, HistoryQueries into, CancellationToken cancellationToken)
    {
        using var server = RunningServer.Start(node, cancellationToken, data.CopyTo);
        using var connection = new HttpConnection(server.Port);
        double Ask(int metric)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var start = Stopwatch.GetTimestamp();
            var answer = connection.Get($"/api/metrics/{HistoryShape.MetricName(metric)}{path}");
            into.Bytes = Math.Max(into.Bytes, answer.IsSuccess ? answer.Body.Length : throw new IOException($"A query of {members} was answered {answer.Status}."));
            return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        server.WaitUntilProcessed(0, cancellationToken);
        into.First.Add(Ask(0));
        for (var metric = 1; metric < shape.Metrics; metric++)
        {
            into.Cold.Add(Ask(metric));
        }

        for (var i = 0; i < EarlyQueries; i++)
        {
            into.Early.Add(Ask(i % shape.Metrics));
        }

        var before = server.Use.Cpu;
        for (var i = 0; i < queries; i++)
        {
            into.Warm.Add(Ask(i % shape.Metrics));
        }

        var use = server.Use;
        into.CpuPerQuery.Add((use.Cpu - before).TotalMilliseconds / queries);
        into.ResidentBytes = Math.Max(into.ResidentBytes, use.ResidentBytes);
        return use.Cpu;
    }
}
