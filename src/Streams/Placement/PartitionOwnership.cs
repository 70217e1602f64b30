using Orleans.Runtime;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Streams.Placement;

/// <summary>
/// Which silo each partition lives on, by the active silos that this one knows of now. For a moment after a change two silos may disagree;
/// what both do then is wasted, never wrong.
/// </summary>
public sealed class PartitionOwnership(IClusterMembershipService membership, ILocalSiloDetails local, IPointLog log)
{
    private volatile View? _view;

    /// <summary>Number of partitions.</summary>
    public int Partitions => log.Partitions;

    /// <summary>This silo.</summary>
    public SiloAddress LocalSilo => local.SiloAddress;

    /// <summary>Whether this silo takes part: false before it has joined and once it shuts down.</summary>
    public bool IsActive => Current.Active.Any(silo => silo.Address.Equals(LocalSilo));

    /// <summary>Whether another silo could take partitions.</summary>
    public bool HasOthers => Current.Active.Any(silo => !silo.Address.Equals(LocalSilo));

    private View Current
    {
        get
        {
            var snapshot = membership.CurrentSnapshot;
            var view = _view;
            if (view is null || !ReferenceEquals(view.Snapshot, snapshot))
            {
                _view = view = View.Of(snapshot, Partitions, view);
            }

            return view;
        }
    }

    /// <summary>The silo that a partition lives on; null while no silo is active.</summary>
    public SiloAddress? OwnerOf(int partition) => Current.Assignment.OwnerOf(partition);

    /// <summary>Whether a partition lives on this silo.</summary>
    public bool IsHere(int partition) => LocalSilo.Equals(OwnerOf(partition));

    /// <summary>The silo that a partition would live on if there were only some of the active silos; null when none of these is active.</summary>
    public SiloAddress? OwnerAmong(int partition, IReadOnlyCollection<SiloAddress> silos)
    {
        var current = Current;
        var owner = current.Assignment.OwnerOf(partition);
        return owner is null || silos.Contains(owner)
            ? owner
            : PartitionAssignment.Of(Partitions, current.Active.Where(silo => silos.Contains(silo.Address))).OwnerOf(partition);
    }

    private sealed record View(ClusterMembershipSnapshot Snapshot, (SiloAddress Address, string Name)[] Active, PartitionAssignment Assignment)
    {
        public static View Of(ClusterMembershipSnapshot snapshot, int partitions, View? before)
        {
            var active = snapshot.Members.Values.Where(static member => member.Status == SiloStatus.Active)
                .Select(static member => (member.SiloAddress, member.Name)).OrderBy(static silo => silo.SiloAddress).ToArray();
            return before is not null && before.Active.SequenceEqual(active)
                ? before with { Snapshot = snapshot }
                : new View(snapshot, active, PartitionAssignment.Of(partitions, active));
        }
    }
}
