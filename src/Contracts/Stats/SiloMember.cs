namespace OrleansMetrics.Contracts.Stats;

/// <summary>A silo as the membership of the cluster has it.</summary>
/// <param name="Name">Name of the node.</param>
/// <param name="Address">Address and generation, as <see cref="Partitions.PartitionStatus.Silo"/> has it.</param>
/// <param name="Status">Orleans' word: <c>Joining</c>, <c>Active</c>, <c>ShuttingDown</c>, <c>Stopping</c>, <c>Dead</c>.</param>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.SiloMember")]
public sealed record SiloMember([property: Id(0)] string Name, [property: Id(1)] string Address, [property: Id(2)] string Status);
