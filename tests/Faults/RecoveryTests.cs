using System.Diagnostics;
using OrleansMetrics.Faults.Checks;
using OrleansMetrics.Faults.Load;
using OrleansMetrics.Faults.Processes;
using OrleansMetrics.Faults.Schedules;
using Xunit.Abstractions;

namespace OrleansMetrics.Faults;

/// <remarks>Not beside the others: it is about time.</remarks>
[Collection(nameof(RecoveryTests))]
public sealed class RecoveryTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>A goal of ten seconds on a machine that does nothing else; asserted with room for one that does.</summary>
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_node_killed_under_heavy_load_is_exact_again_soon_after_its_start()
    {
        var (rate, points) = FaultSeeds.IsLong ? (500_000, 4_000_000) : (150_000, 300_000);
        using var volume = new TemporaryDirectory();
        await using var node = new NodeProcess(volume.Path, FreePort.Next()) { IsAsDeployed = true };
        await node.StartAsync();
        using var load = new HeavyLoad(node.Address, rate);
        var loadStarted = Stopwatch.GetTimestamp();
        await Eventually.RequireAsync($"{points} points are acknowledged", () => load.AcknowledgedPoints >= points || node.HasExited, Patience);
        var reached = load.AcknowledgedPoints / Stopwatch.GetElapsedTime(loadStarted).TotalSeconds;

        await node.KillAsync();
        await load.EndAsync();
        var started = Stopwatch.GetTimestamp();
        await node.StartAsync();
        using var reader = new HttpMetricsReader(node.Address);
        var differences = await load.FindDifferencesAsync(reader, await Settling.SettleAsync(reader));
        var took = Stopwatch.GetElapsedTime(started);

        output.WriteLine(
            $"Killed after {load.AcknowledgedPoints} points at {reached:F0} points/s; ready in {node.StartTime.TotalSeconds:F1} s, "
            + $"all read back exactly in {took.TotalSeconds:F1} s from the start of the process.");
        Assert.True(differences.Count == 0, $"{string.Join('\n', differences)}\n{node.OutputTail}");
        Assert.True(took < Bound, $"It took {took}.\n{node.OutputTail}");
    }
}
