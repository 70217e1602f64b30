using System.ComponentModel;
using OrleansMetrics.Contracts.Partitions;
using OrleansMetrics.Contracts.Stats;

namespace OrleansMetrics.Gateway.Stats;

/// <summary>The nodes of the cluster, and where each partition lives and stands.</summary>
[Description("The nodes of the cluster, and where each partition lives and stands.")]
public sealed record ClusterAnswer
{
    private const string Dead = "Dead";

    /// <summary>Silos, and gateways heard of within a minute; in order of their names.</summary>
    [Description("Silos of the membership, and gateways heard of within a minute, in order of their names.")]
    public required ClusterNodeAnswer[] Nodes { get; init; }

    /// <summary>The partitions in order of their numbers.</summary>
    [Description("The partitions, in order of their numbers.")]
    public required ClusterPartitionAnswer[] Partitions { get; init; }

    /// <summary>Puts together what membership, partitions and nodes say. Of silos that came back under their name, the dead ones are left out.</summary>
    public static ClusterAnswer Of(SiloMember[] members, PartitionStatus[] partitions, NodeStats[] nodes)
    {
        var reports = nodes.ToDictionary(static node => node.Node, StringComparer.Ordinal);
        var names = members.ToLookup(static member => member.Address, static member => member.Name, StringComparer.Ordinal);
        var living = members.Where(static member => member.Status != Dead).Select(static member => member.Name).ToHashSet(StringComparer.Ordinal);
        var silos = members.Where(member => member.Status != Dead || !living.Contains(member.Name)).DistinctBy(static member => (member.Name, member.Status)).ToArray();
        return new ClusterAnswer
        {
            Nodes =
            [
                .. silos.Select(silo => OfSilo(silo, partitions, reports.GetValueOrDefault(silo.Name)))
                    .Concat(nodes.Where(node => !silos.Any(silo => silo.Name == node.Node)).Select(OfGateway))
                    .OrderBy(static node => node.Name, StringComparer.Ordinal),
            ],
            Partitions = [.. partitions.Select(partition => OfPartition(partition, names[partition.Silo].FirstOrDefault()))],
        };
    }

    private static ClusterNodeAnswer OfSilo(SiloMember silo, PartitionStatus[] partitions, NodeStats? report) => new()
    {
        Name = silo.Name,
        Role = report?.Role ?? "silo",
        Status = silo.Status,
        Address = silo.Address,
        StartedAt = silo.Status == Dead ? null : report?.StartedAt,
        ReportedAt = report?.ReportedAt,
        Partitions = partitions.Count(partition => partition.Silo == silo.Address),
    };

    private static ClusterNodeAnswer OfGateway(NodeStats report) => new()
    {
        Name = report.Node,
        Role = report.Role,
        Status = "Heard",
        StartedAt = report.StartedAt,
        ReportedAt = report.ReportedAt,
        Partitions = 0,
    };

    private static ClusterPartitionAnswer OfPartition(PartitionStatus partition, string? node) => new()
    {
        Partition = partition.Partition,
        Node = node,
        Address = partition.Silo,
        Head = partition.Head,
        Position = partition.Position,
        Checkpoint = partition.Checkpoint,
        Lag = partition.RecordsBehind,
        InFlight = partition.InFlight,
        LogBytes = partition.LogBytes,
        Replaying = partition.Replaying,
        Stalled = partition.Stalled,
    };
}
