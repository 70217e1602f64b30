namespace OrleansMetrics.Topology.Schedules;

/// <summary>What is done to a cluster of processes.</summary>
internal enum TopologyFault
{
    /// <summary>A silo ends by kill -9 and is started again.</summary>
    KillSilo,

    /// <summary>A silo ends by kill -9; the next fault happens while it is missing.</summary>
    KillSiloForAWhile,

    /// <summary>A silo is shut down and started again.</summary>
    RestartSilo,

    /// <summary>Every silo is shut down and started again, one after the other: a rolling upgrade.</summary>
    RestartSilosInTurn,

    /// <summary>A silo stands still, for so short that nobody minds or for so long that the others take it for dead.</summary>
    StallSilo,

    /// <summary>All silos end by kill -9 at once and are started again.</summary>
    KillAllSilos,

    /// <summary>A gateway ends by kill -9 and is started again.</summary>
    KillGateway,

    /// <summary>A gateway is shut down and started again.</summary>
    RestartGateway,

    /// <summary>A gateway stands still for a while.</summary>
    StallGateway,

    /// <summary>Redis ends by kill -9 and is started again: it reads its append-only file.</summary>
    KillRedis,

    /// <summary>Redis is shut down and started again.</summary>
    RestartRedis,

    /// <summary>Redis stands still for a while, with its connections open.</summary>
    StallRedis,

    /// <summary>Snapshots cannot be written for a while: Azurite is shut down and started again.</summary>
    RestartAzurite,

    /// <summary>A fourth silo joins.</summary>
    ScaleToFour,

    /// <summary>All but two silos are shut down; what is missing comes back with the next fault.</summary>
    ScaleToTwo,
}
