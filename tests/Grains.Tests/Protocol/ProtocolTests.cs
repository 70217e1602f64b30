using System.Diagnostics;
using System.Globalization;
using Xunit.Abstractions;

namespace OrleansMetrics.Grains.Tests.Protocol;

/// <summary>
/// The protocol of a partition under random interleavings and faults (docs/decisions/004-deterministic-simulation.md).
/// <c>OM_LONG=1</c> runs twenty times as many; <c>OM_SEED=n</c> runs one, and prints what it did.
/// </summary>
public sealed class ProtocolTests(ITestOutputHelper output)
{
    private const int Steps = 600;
    private const int Seeds = 2_000;

    [Fact]
    public void Whatever_dies_every_point_counts_once()
    {
        if (int.TryParse(Environment.GetEnvironmentVariable("OM_SEED"), CultureInfo.InvariantCulture, out var only))
        {
            Run(only, trace: true);
            return;
        }

        var first = int.TryParse(Environment.GetEnvironmentVariable("OM_FIRST_SEED"), CultureInfo.InvariantCulture, out var given) ? given : 1;
        var seeds = Environment.GetEnvironmentVariable("OM_LONG") == "1" ? 20 * Seeds : Seeds;
        var coverage = new Dictionary<string, long>();
        var watch = Stopwatch.StartNew();
        for (var seed = first; seed < first + seeds; seed++)
        {
            foreach (var (what, times) in Run(seed, trace: false))
            {
                coverage[what] = coverage.GetValueOrDefault(what) + times;
            }
        }

        output.WriteLine($"seeds {first} to {first + seeds - 1}, {watch.Elapsed.TotalSeconds:F1} s, this process {Environment.CpuUsage.TotalTime.TotalSeconds:F1} s CPU");
        foreach (var (what, times) in coverage.OrderBy(static pair => pair.Key, StringComparer.Ordinal))
        {
            output.WriteLine($"{times,10} {what}");
        }

        string[] wanted =
        [
            "stale write fenced", "slice refused: behind", "replay", "trim", "gap", "gap with a lost tail", "slice applied during a flush", "record damaged",
            "points lost", "points of a lost tail in a snapshot", "call to a stale aggregator", "call to a stale partition", "effect after the failure",
            "failure after the effect", "delivery dropped", "everything killed", "heartbeat", "duplicate", "LogPoison", "LogAggregatorCaughtUp", "LogSettled", "LogTailLost",
            "LogRecordsLost", "LogStale", "chunk created", "chunk was there already", "chunk cleared", "chunks merged", "chunks rolled up", "job in vain", "chunks expired",
            "windows corrected", "late points in a snapshot", "late points in a chunk", "late points in a merged chunk",
            "LogForgotten", "forgotten", "forgotten again", "forgotten at the end", "snapshot cleared", "LogForgettingFailed", "points overflowed", "snapshot of what is forgotten",
            "slice applied without a message", "slice applied without a message, by a stale aggregator", "slice of another kind", "another kind after it was forgotten", "gauge", "counter", "cumulative_counter", "distribution", "set",
        ];
        Assert.True(coverage.GetValueOrDefault("stale clear fenced") >= seeds / 1_000, "a stale clear is rare");
        Assert.All(wanted, what => Assert.True(coverage.GetValueOrDefault(what) >= seeds / 100, $"{what}: {coverage.GetValueOrDefault(what)} times"));
    }

    private Dictionary<string, int> Run(int seed, bool trace)
    {
        var simulation = new Simulation(seed, trace);
        try
        {
            simulation.Run(Steps);
            return simulation.Coverage;
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"Seed {seed} (run it alone with OM_SEED={seed}): {exception.Message}", exception);
        }
        finally
        {
            if (trace)
            {
                output.WriteLine(simulation.Trace);
            }
        }
    }
}
