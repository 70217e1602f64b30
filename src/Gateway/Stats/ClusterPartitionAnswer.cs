using System.ComponentModel;

namespace OrleansMetrics.Gateway.Stats;

/// <summary>Where a partition lives and stands.</summary>
public sealed record ClusterPartitionAnswer
{
    /// <summary>Its number.</summary>
    [Description("Number of the partition.")]
    public required int Partition { get; init; }

    /// <summary>Name of the silo that it lives on; null when the membership does not know that silo yet.</summary>
    [Description("Name of the silo that the partition lives on.")]
    public string? Node { get; init; }

    /// <summary>Address and generation of that silo.</summary>
    [Description("Address and generation of that silo.")]
    public required string Address { get; init; }

    /// <summary>Position of the last record in the log.</summary>
    [Description("Position of the last record in the log.")]
    public required long Head { get; init; }

    /// <summary>Position of the last record routed to the aggregators.</summary>
    [Description("Position of the last record routed to the aggregators.")]
    public required long Position { get; init; }

    /// <summary>Everything at or below is in snapshots.</summary>
    [Description("Everything at or below this position is in snapshots.")]
    public required long Checkpoint { get; init; }

    /// <summary>Records of the log that are not routed yet.</summary>
    [Description("Records of the log that are not routed yet.")]
    public required long Lag { get; init; }

    /// <summary>Points in the log that are not aggregated yet.</summary>
    [Description("Points in the log that are not aggregated yet.")]
    public required long InFlight { get; init; }

    /// <summary>Bytes in the log.</summary>
    [Description("Bytes in the log.")]
    public required long LogBytes { get; init; }

    /// <summary>Whether records are read back from the log.</summary>
    [Description("Whether records are read back from the log because the partition is behind.")]
    public required bool Replaying { get; init; }

    /// <summary>Metrics whose aggregator does not answer at the moment.</summary>
    [Description("Metrics whose aggregator does not answer at the moment.")]
    public required int Stalled { get; init; }
}
