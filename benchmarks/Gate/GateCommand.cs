using System.CommandLine;
using System.Globalization;
using OrleansMetrics.Benchmarks.CommandLine;
using OrleansMetrics.Benchmarks.Reports;
using OrleansMetrics.Benchmarks.Servers;
using OrleansMetrics.Benchmarks.Statistics;

namespace OrleansMetrics.Benchmarks.Gate;

/// <summary><c>gate</c>: fails when the node costs more than it did, measured against a yardstick in the same run.</summary>
internal sealed class GateCommand
{
    /// <summary>Exit code where nothing can be measured.</summary>
    public const int NotMeasured = 3;

    private const int MostRounds = 25;
    private const int RecordedRounds = 15;

    private readonly Option<bool> _record = new("--record") { Description = "Write what is measured now to benchmarks/gate.json; on a quiet machine." };
    private readonly Option<long> _seconds = OptionValues.Number("--seconds", "No further round after this, once there are three.", 20, 1);

    private readonly NodeSelection _nodes = new();

    private static string RecordFile => Path.Combine(Repository.Root, "benchmarks", "gate.json");

    public static Command Define()
    {
        var gate = new GateCommand();
        var command = new Command("gate", "Compares what a point costs the node with what it costs a yardstick, and that ratio with the recorded one.") { gate._record, gate._seconds };
        foreach (var option in gate._nodes.Options)
        {
            command.Add(option);
        }
        command.SetAction(gate.Run);
        return command;
    }

    private int Run(ParseResult arguments)
    {
        using var stop = ConsoleStop.Listen();
        var run = new GateRun(_nodes.Read(arguments)[0], Console.Error.WriteLine);
        var limit = TimeSpan.FromSeconds(arguments.GetValue(_seconds));
        if (arguments.GetValue(_record))
        {
            Record(run, run.Measure(2 * limit, RecordedRounds, static _ => false, stop.Token));
            return 0;
        }
        var recorded = GateRecord.Read(File.ReadAllText(RecordFile));
        var bound = recorded.Ratio * recorded.FailsAt;
        var verdict = new GateVerdict(run.Measure(limit, MostRounds, ratios => new GateVerdict(ratios, bound).IsSettled, stop.Token), bound);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"gate {(verdict.Fails ? "FAILED" : "passed")}: ratio {verdict.Ratios.Median:0.00} ({verdict.Ratios.Least:0.00}–{verdict.Ratios.Greatest:0.00}, {verdict.Ratios.Count} rounds), recorded {recorded.Ratio:0.00}, fails at {bound:0.00}"));
        return verdict.Fails ? 1 : 0;
    }

    private static void Record(GateRun run, Sample ratios)
    {
        var record = new GateRecord
        {
            Ratio = Math.Round(ratios.Median, 3),
            Rounds = ratios.Count,
            Spread = Math.Round(ratios.Spread, 3),
            NodeNanosecondsPerPoint = Math.Round(new Sample(run.Node).Median),
            YardstickNanosecondsPerPoint = Math.Round(new Sample(run.Yardstick).Median),
            Recorded = string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:yyyy-MM-dd}, commit {RunDescription.Commit()}, load average {RunDescription.LoadAverage()}"),
            Machine = RunDescription.Machine(),
        };
        File.WriteAllText(RecordFile, record.Write());
        Console.WriteLine($"{RecordFile}: ratio {record.Ratio}, spread {record.Spread:P0}");
    }
}
