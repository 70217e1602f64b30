using System.Diagnostics;

namespace OrleansMetrics.Faults.Checks;

/// <summary>Waits until every point in the log is accounted for.</summary>
internal static class Settling
{
    /// <summary>Longer than the longest pause between two tries of a metric that does not answer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(75);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>The ledger when all is accounted for.</summary>
    /// <exception cref="TimeoutException">Not in time; tells the last ledger.</exception>
    public static async Task<LedgerReading> SettleAsync(IMetricsReader reader)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var ledger = await reader.TryReadLedgerAsync();
            if (ledger is { InFlight: 0, Settled: true })
            {
                return ledger;
            }

            if (Stopwatch.GetElapsedTime(started) > Patience)
            {
                throw new TimeoutException($"Not settled within {Patience.TotalSeconds:F0} s: {ledger?.Text ?? "no answer"}");
            }

            await Task.Delay(Pause);
        }
    }
}
