using System.Net;
using CsCheck;
using Orleans.Runtime;
using OrleansMetrics.Streams.Placement;

namespace OrleansMetrics.Streams.Tests.Placement;

public sealed class PartitionAssignmentTests
{
    private static readonly Gen<(int Partitions, (SiloAddress Address, string Name)[] Silos)> Clusters =
        Gen.Select(Gen.Int[1, 200], Gen.Int[1, 12], Gen.Int[0, 1_000], static (partitions, silos, first) =>
            (partitions, Enumerable.Range(first, silos).Select(static i => Silo(i)).ToArray()));

    [Fact]
    public void No_silo_has_more_than_one_partition_more_than_another() => Clusters.Sample(static cluster =>
    {
        var counts = CountPerSilo(Owners(cluster.Partitions, cluster.Silos), cluster.Silos);
        Assert.True(counts.Max() - counts.Min() <= 1, string.Join(' ', counts));
        Assert.Equal(cluster.Partitions, counts.Sum());
    });

    [Fact]
    public void The_order_in_which_silos_are_known_does_not_matter() => Clusters.Sample(static cluster =>
    {
        var reversed = cluster.Silos.Reverse().ToArray();
        Assert.Equal(Owners(cluster.Partitions, cluster.Silos), Owners(cluster.Partitions, reversed));
    });

    [Fact]
    public void A_silo_that_comes_back_under_its_name_gets_its_partitions_back()
    {
        var before = Enumerable.Range(0, 4).Select(static i => Silo(i)).ToArray();
        var after = before.Select(static (silo, i) => i == 2 ? (SiloAddress.New(IPAddress.Loopback, 20_000, 7), silo.Name) : silo).ToArray();
        var owners = Owners(16, before);

        Assert.Equal(owners.Select(owner => Array.FindIndex(before, silo => silo.Address.Equals(owner))),
            Owners(16, after).Select(owner => Array.FindIndex(after, silo => silo.Item1.Equals(owner))));
    }

    [Theory]
    [InlineData(16, 2, 5)]
    [InlineData(16, 3, 4)]
    [InlineData(16, 4, 3)]
    [InlineData(64, 4, 12)]
    public void Few_partitions_move_when_a_silo_joins_or_leaves(int partitions, int silos, int least)
    {
        var moves = Enumerable.Range(0, 100).Select(run =>
        {
            var cluster = Enumerable.Range(run * 20, silos + 1).Select(static i => Silo(i)).ToArray();
            var fewer = Owners(partitions, cluster[..^1]);
            return Owners(partitions, cluster).Zip(fewer).Count(static owners => !owners.First!.Equals(owners.Second));
        }).ToArray();

        Assert.InRange(moves.Average(), least, (least * 1.35) + 0.5);
        Assert.InRange(moves.Max(), least, least * 2.5);
    }

    [Fact]
    public void Without_silos_there_are_no_owners() => Assert.Null(PartitionAssignment.Of(4, []).OwnerOf(3));

    // The assignment is part of what nodes of different versions must agree on: a change of it moves partitions during an upgrade.
    [Fact]
    public void The_assignment_does_not_change_between_versions() => Assert.Equal(
        "0 1 0 1 0 0 2 1 1 0 2 2 1 2 1 2",
        string.Join(' ', Owners(16, [.. Enumerable.Range(0, 3).Select(static i => Silo(i))]).Select(static owner => owner!.Endpoint.Port - 10_000)));

    private static (SiloAddress Address, string Name) Silo(int i) => (SiloAddress.New(IPAddress.Loopback, 10_000 + i, 1), $"silo-{i}");

    private static SiloAddress?[] Owners(int partitions, (SiloAddress Address, string Name)[] silos)
    {
        var assignment = PartitionAssignment.Of(partitions, silos);
        return [.. Enumerable.Range(0, partitions).Select(assignment.OwnerOf)];
    }

    private static int[] CountPerSilo(SiloAddress?[] owners, (SiloAddress Address, string Name)[] silos) =>
        [.. silos.Select(silo => owners.Count(owner => silo.Address.Equals(owner)))];
}
