namespace OrleansMetrics.Topology.Schedules;

/// <summary>The faults of a run in their order.</summary>
internal sealed class TopologySchedule
{
    private const int ShortSteps = 4;

    private TopologySchedule(int seed, TimeSpan flushInterval, IEnumerable<TopologyStep> steps)
    {
        Seed = seed;
        FlushInterval = flushInterval;
        Steps = [.. steps];
    }

    public int Seed { get; }

    public TimeSpan FlushInterval { get; }

    public IReadOnlyList<TopologyStep> Steps { get; }

    /// <summary>What happens to a cluster in its life: each kind of process dies, every silo is upgraded, the cluster grows and shrinks.</summary>
    public static TopologySchedule Acceptance(int seed) => new(seed, TimeSpan.FromSeconds(2), new[]
    {
        TopologyFault.KillSilo, TopologyFault.KillGateway, TopologyFault.RestartSilosInTurn, TopologyFault.ScaleToFour, TopologyFault.ScaleToTwo, TopologyFault.KillRedis,
        TopologyFault.RestartRedis,
    }.Select(static (fault, i) => new TopologyStep(i + 1, fault, AfterRequests: 40, Amount: 50)));

    /// <summary>Drawn: every kind once in the long form, a few in the short one.</summary>
    public static TopologySchedule Draw(int seed, bool isLong)
    {
        var random = new Random(seed);
        var flushInterval = TimeSpan.FromMilliseconds(random.Next(200, 3_000));
        var faults = Enum.GetValues<TopologyFault>();
        random.Shuffle(faults);
        return new TopologySchedule(seed, flushInterval, faults.Take(isLong ? faults.Length : ShortSteps)
            .Select((fault, i) => new TopologyStep(i + 1, fault, random.Next(10, 60), random.Next(101))).ToList());
    }
}
