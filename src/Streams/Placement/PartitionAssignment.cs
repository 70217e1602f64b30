using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using Orleans.Runtime;

namespace OrleansMetrics.Streams.Placement;

/// <summary>
/// Which silo a partition lives on: a pure function of the partitions and the silos, so that all silos that see the same members agree
/// without asking each other. No silo has more than one partition more than another.
/// </summary>
/// <remarks>
/// Rendezvous hashing with bounded loads: the pairs of partition and silo are taken in the order of their hashes, the highest
/// first, until each partition has a silo and no silo more than its share. The hash goes by the silo's name: a silo that comes back under its
/// name gets its partitions back. With 16 partitions a fourth silo moves 5 on average, where 4 is the least possible.
/// </remarks>
public sealed class PartitionAssignment
{
    private readonly SiloAddress[] _owners;

    private PartitionAssignment(SiloAddress[] owners) => _owners = owners;

    /// <summary>Assigns partitions to silos. Without a silo no partition has an owner.</summary>
    /// <param name="partitions">Number of partitions.</param>
    /// <param name="silos">The silos with their names, in any order. Names should differ; where they do not, addresses decide.</param>
    public static PartitionAssignment Of(int partitions, IEnumerable<(SiloAddress Address, string Name)> silos)
    {
        var members = silos.OrderBy(static silo => silo.Name, StringComparer.Ordinal).ThenBy(static silo => silo.Address).ToArray();
        return new PartitionAssignment(members.Length == 0 ? [] : Assign(partitions, members));
    }

    /// <summary>The silo that a partition lives on; null when there is none.</summary>
    public SiloAddress? OwnerOf(int partition) => _owners.Length == 0 ? null : _owners[partition];

    private static SiloAddress[] Assign(int partitions, (SiloAddress Address, string Name)[] silos)
    {
        var (share, withOneMore) = Math.DivRem(partitions, silos.Length);
        var owners = new SiloAddress[partitions];
        var loads = new int[silos.Length];
        foreach (var (partition, silo) in InOrderOfPreference(partitions, silos))
        {
            if (owners[partition] is not null || loads[silo] > share || (loads[silo] == share && withOneMore == 0))
            {
                continue;
            }

            if (loads[silo]++ == share)
            {
                withOneMore--;
            }

            owners[partition] = silos[silo].Address;
        }

        return owners;
    }

    private static (int Partition, int Silo)[] InOrderOfPreference(int partitions, (SiloAddress Address, string Name)[] silos)
    {
        var pairs = new (int Partition, int Silo)[partitions * silos.Length];
        var hashes = new UInt128[pairs.Length];
        for (var silo = 0; silo < silos.Length; silo++)
        {
            var key = new byte[sizeof(int) + Encoding.UTF8.GetByteCount(silos[silo].Name)];
            Encoding.UTF8.GetBytes(silos[silo].Name, key.AsSpan(sizeof(int)));
            for (var partition = 0; partition < partitions; partition++)
            {
                BinaryPrimitives.WriteInt32LittleEndian(key, partition);
                var at = (silo * partitions) + partition;
                pairs[at] = (partition, silo);

                // The low half makes every hash different: an unstable sort then gives the same order everywhere.
                hashes[at] = new UInt128(XxHash3.HashToUInt64(key), (ulong)(pairs.Length - at));
            }
        }

        Array.Sort(hashes, pairs);
        Array.Reverse(pairs);
        return pairs;
    }
}
