namespace OrleansMetrics.Cli.NodeApi;

/// <summary>Waits until a node has put every accepted point into windows.</summary>
internal static class Settling
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// A node that restarted counts from zero, so its <c>accepted</c> may never reach what was expected; then this many
    /// unchanged answers with nothing in flight are taken as rest.
    /// </summary>
    private const int UnchangedPolls = 30;

    /// <summary>
    /// Polls the statistics until nothing is in flight and at least <paramref name="expectedAccepted"/> points are accepted,
    /// or nothing is in flight and nothing has changed for a while.
    /// </summary>
    /// <returns>The last answer, and whether the node came to rest before the limit.</returns>
    public static async Task<(StatsAnswer Stats, bool Settled)> WaitAsync(
        NodeClient node, long expectedAccepted, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        Ledger? before = null;
        var unchanged = 0;
        while (true)
        {
            var stats = await node.GetStatsAsync(cancellationToken);
            var now = stats.Cluster;
            unchanged = before is not null && (before.Accepted, before.Processed, before.Late) == (now.Accepted, now.Processed, now.Late) ? unchanged + 1 : 0;
            before = now;
            if (now.InFlight == 0 && (now.Accepted >= expectedAccepted || unchanged >= UnchangedPolls))
            {
                return (stats, true);
            }
            if (time.GetElapsedTime(start) > limit)
            {
                return (stats, false);
            }
            await Task.Delay(Poll, time, cancellationToken);
        }
    }
}
