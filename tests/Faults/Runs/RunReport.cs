using System.Text;
using OrleansMetrics.Faults.Load;
using OrleansMetrics.Faults.Schedules;

namespace OrleansMetrics.Faults.Runs;

/// <summary>Everything that a run has found, in one text: how to repeat it, what happened when, every difference, the end of the output.</summary>
internal sealed class RunReport(int seed, string test)
{
    private const int MaxShown = 60;

    private readonly List<string> _failures = [];

    public FaultDiary Diary { get; } = new();

    public SentRequests Requests { get; } = new();

    public bool HasFailed => _failures.Count > 0 || !Requests.Violations.IsEmpty;

    public void Fail(string what)
    {
        _failures.Add(what);
        Diary.Note($"FAILED: {what}");
    }

    public void AddDifferences(string when, List<string> differences)
    {
        Diary.Note($"{when}: {(differences.Count == 0 ? "exact" : $"{differences.Count} differences")}");
        _failures.AddRange(differences.Select(difference => $"{when}: {difference}"));
    }

    /// <summary>The line for a run without failures.</summary>
    public string Summary() => $"Seed {seed}: exact in {Diary.Elapsed.TotalSeconds:F1} s; {Requests}";

    public string Describe(string output)
    {
        var failures = _failures.Concat(Requests.Violations).ToList();
        var text = new StringBuilder()
            .AppendLine($"{failures.Count} failures with seed {seed}. Repeat: {FaultSeeds.ReplayCommand(seed, test)}")
            .AppendLine(Requests.ToString())
            .AppendJoin('\n', failures.Take(MaxShown)).AppendLine();
        if (failures.Count > MaxShown)
        {
            text.AppendLine($"… and {failures.Count - MaxShown} more");
        }

        return text.AppendLine("--- what happened when").AppendLine(Diary.ToString()).AppendLine("--- output").AppendLine(output).ToString();
    }
}
