using OrleansMetrics.Faults.Schedules;
using OrleansMetrics.Topology.Runs;
using OrleansMetrics.Topology.Schedules;
using Xunit.Abstractions;

namespace OrleansMetrics.Topology;

public sealed class TopologyTests(ITestOutputHelper output)
{
    private const int AcceptanceSeed = 1;
    private const int ShortSchedules = 1;
    private const int LongSchedules = 30;

    /// <summary>Fresh ones.</summary>
    public static TheoryData<int> Seeds => FaultSeeds.Of("OM_TOPOLOGY_SCHEDULES", ShortSchedules, LongSchedules, []);

    [SkippableFact]
    public async Task Every_acknowledged_point_is_counted_once_while_processes_die_silos_are_upgraded_and_the_cluster_grows_and_shrinks() =>
        output.WriteLine(await TopologyRun.RunAsync(TopologySchedule.Acceptance(AcceptanceSeed), nameof(TopologyTests), restarts: FaultSeeds.IsLong));

    [SkippableTheory]
    [MemberData(nameof(Seeds))]
    public async Task A_cluster_of_processes_counts_exactly_once_whatever_happens_to_them(int seed) =>
        output.WriteLine(await TopologyRun.RunAsync(TopologySchedule.Draw(seed, FaultSeeds.IsLong), nameof(TopologyTests), restarts: true));

    [SkippableFact]
    public async Task A_backup_taken_while_gateways_take_points_is_exact()
    {
        Skip.IfNot(FaultSeeds.IsLong, "In the long form: OM_LONG=1 or ./test.sh --long.");
        output.WriteLine(await BackupRun.RunAsync(AcceptanceSeed));
    }
}
