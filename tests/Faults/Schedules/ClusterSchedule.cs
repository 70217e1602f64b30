namespace OrleansMetrics.Faults.Schedules;

/// <summary>Everything about a run that its seed decides, but the moments: they follow from the requests acknowledged.</summary>
internal sealed class ClusterSchedule
{
    private static readonly ClusterFault[] Restarts = [ClusterFault.KillSilo, ClusterFault.KillSiloForAWhile, ClusterFault.StopSilo];

    private static readonly ClusterFault[] Others =
    [
        ClusterFault.Deactivate, ClusterFault.Deactivate, ClusterFault.Migrate, ClusterFault.SnapshotErrors, ClusterFault.SnapshotErrors, ClusterFault.SnapshotDelays,
        ClusterFault.ReadErrors, ClusterFault.AppendErrors, ClusterFault.ClockStep, ClusterFault.ClockStep, ClusterFault.Flush, ClusterFault.ReopenGateway,
    ];

    public ClusterSchedule(int seed)
    {
        Seed = seed;
        var random = new Random(seed);
        Silos = random.Next(2, 4);
        FlushInterval = TimeSpan.FromMilliseconds(random.Next(100, 600));
        var faults = Restarts
            .Concat(Others)
            .Concat(Enumerable.Range(0, 5).Select(_ => Others[random.Next(Others.Length)]))
            .ToArray();
        random.Shuffle(faults);
        Steps = [.. faults.Select((fault, i) => new ClusterFaultStep(i + 1, fault, random.Next(10, 35), random.Next(101), random.Next(2) == 0))];
    }

    public int Seed { get; }

    /// <summary>Two or three.</summary>
    public int Silos { get; }

    public TimeSpan FlushInterval { get; }

    public IReadOnlyList<ClusterFaultStep> Steps { get; }
}
