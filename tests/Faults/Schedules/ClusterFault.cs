namespace OrleansMetrics.Faults.Schedules;

/// <summary>What is done to a cluster of silos.</summary>
internal enum ClusterFault
{
    /// <summary>A silo ends without a word; another one is started.</summary>
    KillSilo,

    /// <summary>A silo is killed and the next fault happens while it is missing.</summary>
    KillSiloForAWhile,

    /// <summary>A silo is shut down; another one is started.</summary>
    StopSilo,

    /// <summary>Grains are deactivated in the midst of their work.</summary>
    Deactivate,

    /// <summary>Grains move to other silos in the midst of their work.</summary>
    Migrate,

    /// <summary>Writes of snapshots fail, before or after their effect.</summary>
    SnapshotErrors,

    /// <summary>Writes of snapshots are slow.</summary>
    SnapshotDelays,

    /// <summary>Reads of snapshots and log fail while grains are deactivated.</summary>
    ReadErrors,

    /// <summary>A gateway's appends fail, before or after their effect.</summary>
    AppendErrors,

    /// <summary>The clock of a silo or gateway is set; the others' are not.</summary>
    ClockStep,

    /// <summary>Flush rounds beside those of the timer.</summary>
    Flush,

    /// <summary>A gateway is closed and opened again.</summary>
    ReopenGateway,
}
