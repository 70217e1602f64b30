using OrleansMetrics.Cli.CommandLine;

namespace OrleansMetrics.Cli.NodeApi;

/// <summary>Waits until a node has put every accepted point into windows.</summary>
internal static class Settling
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// A node that lost what it had counted may never reach what was expected; then this many unchanged answers with nothing in flight
    /// are taken as rest, and the comparison tells what is missing.
    /// </summary>
    private const int UnchangedPolls = 30;

    /// <summary>
    /// Polls the statistics until nothing is in flight and at least <paramref name="expectedAccepted"/> points are accepted,
    /// or nothing is in flight and nothing has changed for a while. A node that is away (it may be restarting) is waited for, too.
    /// </summary>
    /// <returns>Null when the node came to rest before the limit, else why not.</returns>
    public static async Task<string?> WaitAsync(
        NodeClient node, long expectedAccepted, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        Ledger? before = null;
        var unchanged = 0;
        while (true)
        {
            string problem;
            try
            {
                var now = (await node.GetStatsAsync(cancellationToken)).Cluster;
                var same = before is not null && (before.Accepted, before.Processed, before.Late) == (now.Accepted, now.Processed, now.Late);
                unchanged = same ? unchanged + 1 : 0;
                before = now;
                if (now.InFlight == 0 && (now.Accepted >= expectedAccepted || unchanged >= UnchangedPolls))
                {
                    return null;
                }
                problem = $"{now.InFlight} points are in flight, {now.Accepted} of {expectedAccepted} accepted";
            }
            catch (CliFailureException failure)
            {
                problem = failure.Message;
            }
            if (time.GetElapsedTime(start) > limit)
            {
                return $"after {limit.TotalSeconds:0} s {problem}";
            }
            await Task.Delay(Poll, time, cancellationToken);
        }
    }
}
