namespace OrleansMetrics.Faults.Load;

/// <summary>The metrics that the clients send.</summary>
internal static class LoadMetrics
{
    /// <summary>Points with event times well within lateness: their windows are known exactly.</summary>
    public static IReadOnlyList<string> Stamped { get; } = ["stamped_0", "stamped_1", "stamped_2", "stamped_3", "stamped_4"];

    /// <summary>Points without a timestamp: only their totals are known.</summary>
    public static IReadOnlyList<string> Plain { get; } = ["plain_0", "plain_1", "plain_2", "plain_3"];

    /// <summary>
    /// Points about as old as lateness allows: each is in its window or counted as late, once and for all, and its window closes in the midst of the faults.
    /// </summary>
    public const string Border = "border";

    /// <summary>Length of the windows of all runs.</summary>
    public static TimeSpan WindowSize { get; } = TimeSpan.FromSeconds(1);

    /// <summary>Allowed lateness of all runs: more than retries and stepped clocks make of a stamped point.</summary>
    public static TimeSpan AllowedLateness { get; } = TimeSpan.FromMinutes(10);

    public static IEnumerable<string> All => [.. Stamped, .. Plain, Border];

    public static bool IsStamped(string metric) => metric.StartsWith("stamped", StringComparison.Ordinal);
}
