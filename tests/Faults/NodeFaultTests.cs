using OrleansMetrics.Faults.Runs;
using OrleansMetrics.Faults.Schedules;
using Xunit.Abstractions;

namespace OrleansMetrics.Faults;

public sealed class NodeFaultTests(ITestOutputHelper output)
{
    /// <summary>Fresh ones; what seeds have found until now depends on the moment more than on the schedule.</summary>
    public static TheoryData<int> Seeds => FaultSeeds.Of();

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task A_node_counts_exactly_once_whatever_happens_to_it(int seed) =>
        output.WriteLine(await NodeFaultRun.RunAsync(seed, nameof(NodeFaultTests)));
}
