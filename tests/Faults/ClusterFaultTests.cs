using OrleansMetrics.Faults.Runs;
using OrleansMetrics.Faults.Schedules;
using Xunit.Abstractions;

namespace OrleansMetrics.Faults;

public sealed class ClusterFaultTests(ITestOutputHelper output)
{
    // An aggregator was moved by a silo that shut down and started from nothing: acknowledged points were lost.
    private const int MovedAggregator = 789060452;

    /// <summary>One that has found something, and fresh ones.</summary>
    public static TheoryData<int> Seeds => FaultSeeds.Of(MovedAggregator);

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task A_cluster_counts_exactly_once_whatever_happens_to_its_silos(int seed) =>
        output.WriteLine(await ClusterFaultRun.RunAsync(seed, nameof(ClusterFaultTests)));
}
