using System.Globalization;
using OrleansMetrics.Faults.Schedules;
using OrleansMetrics.Topology.Runs;
using OrleansMetrics.Topology.Schedules;
using Xunit.Abstractions;

namespace OrleansMetrics.Topology;

/// <summary>The acceptance run of the long form. Times are printed, not judged: the machine may be busy with something else.</summary>
public sealed class HeavyTests(ITestOutputHelper output)
{
    private const int Seed = 1;
    private const int PointsPerSecond = 300_000;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(150);

    [SkippableFact]
    public async Task Totals_are_exact_at_three_hundred_thousand_points_a_second_while_processes_die_and_silos_come_and_go()
    {
        Skip.IfNot(FaultSeeds.IsLong, "Takes minutes: OM_LONG=1 or ./test.sh --long.");
        output.WriteLine(await HeavyRun.RunAsync(TopologySchedule.Acceptance(Seed), Read("OM_HEAVY_RATE") ?? PointsPerSecond, Duration));
    }

    private static int? Read(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;
}
