namespace OrleansMetrics.Grains.Tests.Protocol;

/// <summary>What happens in a run, and how often. Every run leaves some of it out, so that others get room to meet.</summary>
internal sealed class Faults
{
    private readonly List<(int Weight, Action<Simulation> Act, string Name)> _acts = [];

    /// <summary>Share of the calls that fail: before their effect, after it, or as a timeout with the effect still to come.</summary>
    public double Calls { get; private init; }

    public bool LosesTail { get; private init; }

    public bool Damages { get; private set; }

    public static Faults Any(Random random)
    {
        var faults = new Faults { Calls = random.Next(3) switch { 0 => 0, 1 => 0.03, _ => 0.12 }, LosesTail = random.Next(2) == 0 };
        faults.Add(60, static s => s.Append(), "append");
        faults.Add(90, static s => s.Deliver(), "deliver");
        faults.Add(60, static s => s.FireReplays(), "replay");
        faults.Add(40, static s => s.Maintain(), "maintain");
        faults.Add(30, static s => s.Flush(), "flush");
        faults.Add(40, static s => s.AdvanceTime(), "time");
        faults.Add(15, static s => s.EndRequested(), "end");
        faults.AddMaybe(random, 12, static s => s.KillAggregator(), "kill aggregators");
        faults.AddMaybe(random, 8, static s => s.KillPartition(), "kill partitions");
        faults.AddMaybe(random, 4, static s => s.ReplaceFlush(), "replace the flush");
        faults.AddMaybe(random, 4, static s => s.KillAll(), "kill all");
        faults.AddMaybe(random, 10, static s => s.DeactivateAggregator(), "deactivate aggregators");
        faults.AddMaybe(random, 5, static s => s.DeactivatePartition(), "deactivate partitions");
        if (faults.AddMaybe(random, 6, static s => s.DuplicateAggregator(), "duplicate aggregators")
            | faults.AddMaybe(random, 4, static s => s.DuplicatePartition(), "duplicate partitions"))
        {
            faults.Add(6, static s => s.EndStale(), "end stale");
            faults.Add(8, static s => s.FlushStale(), "flush stale");
        }

        faults.AddMaybe(random, 3, static s => s.ToggleStorage(), "storage");
        faults.AddMaybe(random, 5, static s => s.Reopen(), "gaps");
        faults.Damages = faults.AddMaybe(random, 2, static s => s.Damage(), "damage");
        faults.AddMaybe(random, 3, static s => s.AppendPoison(), "poison");
        return faults;
    }

    public void AddImports() => Add(15, static s => s.Import(), "import");

    public Action<Simulation> Pick(Random random)
    {
        var at = random.Next(_acts.Sum(static act => act.Weight));
        foreach (var (weight, act, _) in _acts)
        {
            at -= weight;
            if (at < 0)
            {
                return act;
            }
        }

        throw new InvalidOperationException("the weights changed");
    }

    public override string ToString() => $"calls that fail {Calls:P0}, loses its tail {LosesTail}: {string.Join(", ", _acts.Select(static act => act.Name))}";

    private void Add(int weight, Action<Simulation> act, string name) => _acts.Add((weight, act, name));

    private bool AddMaybe(Random random, int weight, Action<Simulation> act, string name)
    {
        var add = random.Next(2) == 0;
        if (add)
        {
            Add(weight, act, name);
        }

        return add;
    }
}
