using System.ComponentModel;

namespace OrleansMetrics.Gateway.Stats;

/// <summary>A node of the cluster.</summary>
public sealed record ClusterNodeAnswer
{
    /// <summary>Its name.</summary>
    [Description("Name of the node.")]
    public required string Name { get; init; }

    /// <summary><c>silo</c>, <c>gateway</c> or <c>standalone</c>.</summary>
    [Description("silo, gateway or standalone.")]
    public required string Role { get; init; }

    /// <summary>A silo's status in the membership; <c>Heard</c> for a gateway.</summary>
    [Description("Joining, Active, ShuttingDown, Stopping or Dead for a silo, Heard for a gateway.")]
    public required string Status { get; init; }

    /// <summary>A silo's address and generation.</summary>
    [Description("Address and generation of a silo.")]
    public string? Address { get; init; }

    /// <summary>When the process started; null until it has reported.</summary>
    [Description("When the process started; null until it has reported.")]
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it reported last; null when not within a minute.</summary>
    [Description("When the node reported last; null when not within a minute.")]
    public DateTimeOffset? ReportedAt { get; init; }

    /// <summary>Partitions that live on it.</summary>
    [Description("Partitions that live on the node.")]
    public required int Partitions { get; init; }
}
