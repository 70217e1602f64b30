namespace OrleansMetrics.Faults.Schedules;

/// <summary>What is done to a node that runs as a process.</summary>
internal enum NodeFault
{
    /// <summary>SIGKILL, then a start.</summary>
    Kill,

    /// <summary>SIGTERM; it must end with 0 and everything drained; then a start.</summary>
    Terminate,

    /// <summary>SIGKILL, and another one while the next process starts.</summary>
    KillDuringStart,

    /// <summary>The process kills itself in a snapshot's write, before or after its effect.</summary>
    DieInSnapshot,

    /// <summary>The process kills itself in the write of a partition's state: snapshots are written, the log is not trimmed.</summary>
    DieInCheckpoint,

    /// <summary>The process kills itself in an append, before or after its effect: the log has points that nobody was answered for.</summary>
    DieInAppend,

    /// <summary>SIGKILL, and the next start finds the disk full; then one with room.</summary>
    StartOnFullDisk,

    /// <summary>SIGSTOP, some time, SIGCONT.</summary>
    Pause,

    /// <summary>Writes of snapshots fail, before or after their effect.</summary>
    SnapshotErrors,

    /// <summary>Writes of snapshots are slow.</summary>
    SnapshotDelays,

    /// <summary>Reads of snapshots and log fail while grains are deactivated.</summary>
    ReadErrors,

    /// <summary>Appends fail, before or after their effect.</summary>
    AppendErrors,

    /// <summary>Appends are slow.</summary>
    AppendDelays,

    /// <summary>No snapshot can be written until the log is at its bound.</summary>
    LogFull,

    /// <summary>The disk is full for a moment.</summary>
    DiskFull,

    /// <summary>The node's clock is set.</summary>
    ClockStep,

    /// <summary>Grains are deactivated in the midst of their work.</summary>
    Deactivate,
}
