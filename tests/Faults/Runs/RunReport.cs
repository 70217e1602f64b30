using System.Globalization;
using System.Text;
using OrleansMetrics.Faults.Load;
using OrleansMetrics.Faults.Schedules;

namespace OrleansMetrics.Faults.Runs;

/// <summary>Everything that a run has found, in one text: how to repeat it, what happened when, every difference, the end of the output.</summary>
internal sealed class RunReport(int seed, string test, string project = "tests/Faults")
{
    private const int MaxShown = 60;
    private const int MaxShownLength = 1_000;

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

    /// <summary>For a run without failures.</summary>
    public string Summary() => $"Seed {seed}: exact in {Diary.Elapsed.TotalSeconds:F1} s; {Requests}\n{Diary}";

    /// <summary>For the failure's message: all that fits; the rest is in a file that it names.</summary>
    public string Describe(string output)
    {
        var failures = Requests.Violations.Concat(_failures).ToList();
        var file = Path.Combine(AppContext.BaseDirectory, string.Create(CultureInfo.InvariantCulture, $"{test}-{seed}.txt"));
        File.WriteAllText(file, Describe(failures, output));
        var shown = failures.Take(MaxShown).Select(static failure => failure.Length > MaxShownLength ? $"{failure[..MaxShownLength]}…" : failure).ToList();
        if (failures.Count > shown.Count)
        {
            shown.Add($"… and {failures.Count - shown.Count} more: {file}");
        }

        return $"{failures.Count} failures with seed {seed}. Repeat: {FaultSeeds.ReplayCommand(seed, test, project)}\n{Describe(shown, output)}";
    }

    private string Describe(List<string> failures, string output) => new StringBuilder()
        .AppendLine(Requests.ToString())
        .AppendJoin('\n', failures)
        .AppendLine("\n--- what happened when").AppendLine(Diary.ToString())
        .AppendLine("--- output").AppendLine(output)
        .ToString();
}
