using System.Globalization;

namespace OrleansMetrics.Faults.Schedules;

/// <summary>Everything about a run that its seed decides, but the moments: they follow from the requests acknowledged.</summary>
internal sealed class NodeSchedule
{
    private static readonly NodeFault[] Restarts =
    [
        NodeFault.Kill, NodeFault.Terminate, NodeFault.KillDuringStart, NodeFault.DieInSnapshot, NodeFault.DieInCheckpoint, NodeFault.DieInAppend,
        NodeFault.StartOnFullDisk,
    ];

    private static readonly NodeFault[] Others =
    [
        NodeFault.Pause, NodeFault.SnapshotErrors, NodeFault.SnapshotDelays, NodeFault.ReadErrors, NodeFault.AppendErrors, NodeFault.AppendDelays,
        NodeFault.LogFull, NodeFault.DiskFull, NodeFault.ClockStep, NodeFault.Deactivate,
    ];

    private static readonly string[] FlushIntervals = ["00:00:00.1", "00:00:00.3", "00:00:01"];

    public NodeSchedule(int seed)
    {
        Seed = seed;
        var random = new Random(seed);
        Settings =
        [
            $"--Flush:Interval={FlushIntervals[random.Next(FlushIntervals.Length)]}",
            "--Partitions:Count=4",
            string.Create(CultureInfo.InvariantCulture, $"--Log:MaxBytesPerPartition={48 * 1024}"),
        ];

        // Every kind about once, some twice: 6 or 7 restarts, 14 other faults.
        var faults = Restarts.Where(fault => fault != NodeFault.StartOnFullDisk || random.Next(3) == 0)
            .Concat(Others)
            .Concat(Enumerable.Range(0, 4).Select(_ => Others[random.Next(Others.Length)]))
            .ToArray();
        random.Shuffle(faults);
        Steps = [.. faults.Select((fault, i) => new NodeFaultStep(
            i + 1, fault, random.Next(10, 35), random.Next(101), AfterEffect: random.Next(2) == 0, Lingers: CanLinger(fault) && random.Next(3) == 0))];
    }

    public int Seed { get; }

    public IReadOnlyList<NodeFaultStep> Steps { get; }

    /// <summary>Of the node.</summary>
    public IReadOnlyList<string> Settings { get; }

    private static bool CanLinger(NodeFault fault) =>
        fault is NodeFault.SnapshotErrors or NodeFault.SnapshotDelays or NodeFault.AppendErrors or NodeFault.AppendDelays;
}
