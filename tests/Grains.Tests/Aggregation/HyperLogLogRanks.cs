using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.Tests.Aggregation;

internal static class HyperLogLogRanks
{
    /// <summary>The rank of each register; 0: it has none.</summary>
    public static byte[] Ranks(this HyperLogLog sketch)
    {
        var ranks = new byte[HyperLogLog.Size];
        foreach (var (register, rank) in sketch)
        {
            ranks[register] = rank;
        }

        return ranks;
    }
}
