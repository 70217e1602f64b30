using System.Globalization;
using System.Text;
using System.Text.Json;
using OrleansMetrics.Faults.Checks;
using OrleansMetrics.Faults.Schedules;
using OrleansMetrics.Topology.Checks;
using OrleansMetrics.Topology.Clusters;
using OrleansMetrics.Topology.Schedules;

namespace OrleansMetrics.Topology.Runs;

/// <summary>The faults of a schedule while the tool loads the cluster through both gateways; settings and compilation as deployed.</summary>
internal static class HeavyRun
{
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(4);

    /// <summary>Runs it.</summary>
    /// <param name="schedule">The faults; each is followed by some seconds without one.</param>
    /// <param name="pointsPerSecond">Through both gateways together.</param>
    /// <param name="duration">Of the load; it may be longer than the faults, or shorter.</param>
    /// <returns>What happened when, and what was measured.</returns>
    public static async Task<string> RunAsync(TopologySchedule schedule, int pointsPerSecond, TimeSpan duration)
    {
        var diary = new FaultDiary();
        await using var cluster = await TopologyCluster.StartAsync(new Dictionary<string, string>(), isAsDeployed: true);
        await using var watch = new AnswerWatch(cluster.Gateways.Values);
        using var probe = new ProbeWriter(cluster.Gateways.Values, watch);
        var loads = cluster.Gateways.Select(gateway =>
            new PacedLoad(gateway.Value, gateway.Key.Replace('-', '_'), pointsPerSecond / cluster.Gateways.Count, duration)).ToList();
        try
        {
            var faults = new TopologyFaults(cluster, diary, schedule.Seed);
            await Task.Delay(2 * Calm);
            foreach (var step in schedule.Steps)
            {
                watch.Begin();
                diary.Note($"{step.Fault}{(loads.Any(static load => load.HasEnded) ? " (the load is over)" : "")}");
                await faults.DoAsync(step);
                await Task.Delay(Calm);
                diary.Note($"{step.Fault}: {watch.End()}");
            }

            await faults.EndAsync();
            var reports = await Task.WhenAll(loads.Select(static load => load.EndAsync()));
            await probe.EndAsync();
            using var reader = new AnyGatewayReader(cluster.Gateways.Values);
            var ledger = await Settling.SettleAsync(reader);
            var probes = await reader.ReadMetricAsync(ProbeWriter.Metric);
            var failures = Compare(reports, probe, probes["host=a"], ledger).ToList();
            if (failures.Count > 0)
            {
                cluster.KeepOutput(Path.Combine(AppContext.BaseDirectory, "topology-heavy"));
            }

            Assert.True(failures.Count == 0, $"{string.Join('\n', failures)}\n{diary}\n{cluster.ReadOutput()}");
            return Describe(diary, reports, ledger);
        }
        finally
        {
            loads.ForEach(static load => load.Dispose());
        }
    }

    private static IEnumerable<string> Compare(JsonElement[] reports, ProbeWriter probe, SeriesReading probes, LedgerReading ledger)
    {
        foreach (var report in reports.Where(static report => !report.GetProperty("ok").GetBoolean()))
        {
            yield return $"A load is not exact: {report}";
        }

        var n = probe.Acknowledged;
        if (probes.Count != n || probes.Sum != n * (n - 1) / 2.0)
        {
            yield return $"{n} probes were acknowledged, found {probes}";
        }

        var expected = n + reports.Sum(static report => report.GetProperty("pointsAccepted").GetInt64());
        if ((ledger.Accepted, ledger.Processed, ledger.Balanced, ledger.IsAtRest) != (expected, expected, true, true))
        {
            yield return $"Ledger: {expected} points were acknowledged; {ledger.Text}";
        }

        foreach (var violation in probe.Violations)
        {
            yield return violation;
        }
    }

    private static string Describe(FaultDiary diary, JsonElement[] reports, LedgerReading ledger)
    {
        var text = new StringBuilder().AppendLine(CultureInfo.InvariantCulture, $"Exact: {ledger.Accepted} points.");
        foreach (var report in reports)
        {
            var latency = report.GetProperty("latencyMilliseconds");
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"{report.GetProperty("prefix").GetString()}: {report.GetProperty("pointsPerSecond").GetDouble():F0} points/s for {report.GetProperty("seconds").GetDouble():F0} s, {report.GetProperty("requests").GetInt64()} requests, {report.GetProperty("retries").GetInt64()} tries repeated, {report.GetProperty("replays").GetInt64()} of them counted before; p50 {latency.GetProperty("p50").GetDouble():F0} ms, p99 {latency.GetProperty("p99").GetDouble():F0} ms, most {latency.GetProperty("max").GetDouble():F0} ms");
        }

        return text.Append(diary).ToString();
    }
}
