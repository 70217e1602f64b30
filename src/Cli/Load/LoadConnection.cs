using System.Globalization;
using OrleansMetrics.Cli.NodeApi;

namespace OrleansMetrics.Cli.Load;

/// <summary>One connection of a load: sends its share of the requests, one after the other.</summary>
internal sealed class LoadConnection(int number, LoadOptions options, LoadBodies bodies, LoadTransport transport, Pacer pacer, TimeProvider time)
{
    /// <summary>How often a request is tried while the node is full or away.</summary>
    public const int MaxTries = 20;

    private static readonly TimeSpan RequestTimeout = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromSeconds(10);

    /// <summary>What became of the points.</summary>
    public LoadCounters Counters { get; } = new();

    /// <summary>Sends until the share is sent, or until it is stopped, or until the node stays away for all tries of a request.</summary>
    /// <param name="stop">No new request after this; the one under way is finished.</param>
    /// <param name="abort">Abandons the request under way.</param>
    public async Task RunAsync(CancellationToken stop, CancellationToken abort)
    {
        try
        {
            for (var request = (long)number; request < options.Requests && !stop.IsCancellationRequested; request += options.Connections)
            {
                var body = bodies.For(request);
                var wait = pacer.Reserve(body.Lines);
                if (wait > TimeSpan.Zero)
                {
                    await Task.Delay(wait, time, stop);
                }
                var key = options.KeyPrefix is { } prefix ? prefix + request.ToString(CultureInfo.InvariantCulture) : null;
                if (!await DeliverAsync(body, key, stop, abort))
                {
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The time is up; nothing is under way.
        }
    }

    /// <summary>
    /// Sends a request until the node has decided about it. False: the node is away for good. With a key the same bytes are sent again after an
    /// answer that got lost; without one nobody knows then what was counted.
    /// </summary>
    private async Task<bool> DeliverAsync(LoadBody body, string? key, CancellationToken stop, CancellationToken abort)
    {
        var mayBeCounted = false;
        for (var tries = 1; ; tries++)
        {
            if (!mayBeCounted)
            {
                // Fresh timestamps make it another request, which is right only while the node has certainly taken none of it.
                body.Stamp(time.GetUtcNow());
            }
            var outcome = await PostAsync(body, key, abort);
            mayBeCounted |= outcome.Status == PostStatus.Uncertain || outcome.MayBeCounted;
            var isOpen = outcome.Status is PostStatus.Overloaded or PostStatus.Unreachable or PostStatus.Uncertain;
            if (!isOpen || (mayBeCounted && key is null))
            {
                Settle(body, outcome, isOpen);
                return true;
            }
            if (tries == MaxTries || stop.IsCancellationRequested)
            {
                Settle(body, outcome with { Detail = $"{outcome.Detail} ({tries} tries)" }, mayBeCounted);
                return outcome.Status == PostStatus.Overloaded;
            }
            Counters.Retries++;
            try
            {
                await Task.Delay(PauseAfter(outcome, tries), time, stop);
            }
            catch (OperationCanceledException)
            {
                Settle(body, outcome, mayBeCounted);
                return false;
            }
        }
    }

    private async ValueTask<PostOutcome> PostAsync(LoadBody body, string? key, CancellationToken abort)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(abort);
        limit.CancelAfter(RequestTimeout);
        var start = time.GetTimestamp();
        var outcome = await transport.PostAsync(body, key, limit.Token);
        Counters.Latency.Add(time.GetElapsedTime(start));
        return outcome;
    }

    private static TimeSpan PauseAfter(PostOutcome outcome, int tries)
    {
        if (outcome.RetryAfter is { } asked)
        {
            return TimeSpan.FromTicks(Math.Clamp(asked.Ticks, FirstBackOff.Ticks / 4, LongestRetryAfter.Ticks));
        }
        var pause = FirstBackOff * Math.Pow(2, Math.Min(tries - 1, 10));
        return pause < LongestBackOff ? pause : LongestBackOff;
    }

    private void Settle(LoadBody body, PostOutcome outcome, bool isUncertain)
    {
        Counters.Requests++;
        Counters.Bytes += body.Bytes.Length;
        switch (isUncertain ? PostStatus.Uncertain : outcome.Status)
        {
            case PostStatus.Accepted:
                body.Acknowledged++;
                Counters.Replays += outcome.Replayed ? 1 : 0;
                Counters.Count(body.Lines, body.Lines);
                return;
            case PostStatus.PartlyRejected:
                // Which lines were taken is not known exactly: for the comparison each may have been.
                var accepted = Math.Clamp(outcome.Accepted ?? 0, 0, body.Lines);
                body.Uncertain++;
                Counters.Errors += body.Lines - accepted;
                Counters.Count(body.Lines, accepted);
                break;
            case PostStatus.Uncertain:
                body.Uncertain++;
                Counters.Uncertain += body.Lines;
                Counters.Count(body.Lines, 0);
                break;
            default:
                Counters.Errors += body.Lines;
                Counters.Count(body.Lines, 0);
                break;
        }
        Counters.FirstError ??= outcome.Detail;
    }
}
