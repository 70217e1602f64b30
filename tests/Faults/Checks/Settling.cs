using System.Diagnostics;

namespace OrleansMetrics.Faults.Checks;

/// <summary>Waits until every point in the log is accounted for.</summary>
internal static class Settling
{
    /// <summary>Longer than the longest pause between two tries of a metric that does not answer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(75);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>The ledger when all is accounted for, or the last one when it was not in time.</summary>
    /// <exception cref="TimeoutException">The system does not answer.</exception>
    public static async Task<LedgerReading> SettleAsync(IMetricsReader reader)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var ledger = await reader.TryReadLedgerAsync();
            if (ledger is { IsAtRest: true } || (ledger is not null && Stopwatch.GetElapsedTime(started) > Patience))
            {
                return ledger;
            }

            if (Stopwatch.GetElapsedTime(started) > 2 * Patience)
            {
                throw new TimeoutException($"The ledger could not be read for {2 * Patience.TotalSeconds:F0} s.");
            }

            await Task.Delay(Pause);
        }
    }
}
