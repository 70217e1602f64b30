using System.Globalization;
using OrleansMetrics.Cli.NodeApi;

namespace OrleansMetrics.Cli.Host.Delivery;

/// <summary>
/// Sends samples in order, one request at a time. While the node is away or full the samples wait in the buffer; each has an
/// idempotency key, so that a sample whose answer was lost is sent again and counts once.
/// </summary>
/// <param name="node">Where to.</param>
/// <param name="buffer">What waits.</param>
/// <param name="time">The clock.</param>
/// <param name="run">Distinguishes the keys of this run from those of others.</param>
/// <param name="warn">Told when the node goes away, comes back, or refuses something.</param>
internal sealed class SampleSender(NodeClient node, RetryBuffer buffer, TimeProvider time, string run, Action<string> warn)
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromSeconds(10);

    /// <summary>A node may ask for more patience than this; it gets no more.</summary>
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromMinutes(1);

    private TimeSpan _backOff = ShortestPause;
    private bool _away;
    private long _sentSamples;
    private long _sentPoints;
    private long _refusedSamples;

    /// <summary>Samples delivered.</summary>
    public long SentSamples => Interlocked.Read(ref _sentSamples);

    /// <summary>Points in delivered samples.</summary>
    public long SentPoints => Interlocked.Read(ref _sentPoints);

    /// <summary>Samples that the node refused, in whole or in part.</summary>
    public long RefusedSamples => Interlocked.Read(ref _refusedSamples);

    /// <summary>
    /// Sends until it is told to stop; a request under way is finished first, because nobody could say what became of it otherwise.
    /// </summary>
    /// <param name="stop">Ends the waiting between requests.</param>
    /// <param name="abort">Ends a request, too.</param>
    public async Task RunAsync(CancellationToken stop, CancellationToken abort)
    {
        try
        {
            while (!stop.IsCancellationRequested)
            {
                var pause = await SendOldestAsync(stop, abort);
                if (pause > TimeSpan.Zero)
                {
                    await Task.Delay(pause, time, stop);
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // What was not sent is still in the buffer.
        }
    }

    /// <summary>Sends what waits, without patience: ends when the buffer is empty, at the first failure, or when cancelled.</summary>
    public async Task DrainAsync(CancellationToken abort)
    {
        try
        {
            while (buffer.Count > 0 && await SendOldestAsync(abort, abort) == TimeSpan.Zero)
            {
            }
        }
        catch (OperationCanceledException) when (abort.IsCancellationRequested)
        {
            // What was not sent is still in the buffer.
        }
    }

    /// <summary>Sends the oldest sample, waiting for one if there is none. Returns how long to pause before the next try.</summary>
    private async Task<TimeSpan> SendOldestAsync(CancellationToken stop, CancellationToken abort)
    {
        var (number, sample) = await buffer.PeekAsync(stop);
        var key = run + "-" + number.ToString(CultureInfo.InvariantCulture);
        var outcome = await node.PostAsync("api/v2/write?precision=ns", sample.Lines, "text/plain", key, time, abort);
        switch (outcome.Status)
        {
            case PostStatus.Accepted:
                buffer.Remove(number);
                Interlocked.Increment(ref _sentSamples);
                Interlocked.Add(ref _sentPoints, sample.Points);
                if (_away)
                {
                    warn($"the node is back, {buffer.Count} samples to catch up");
                }
                _away = false;
                _backOff = ShortestPause;
                return TimeSpan.Zero;
            case PostStatus.PartlyRejected or PostStatus.Refused:
                // Sending the same again would end the same way.
                buffer.Remove(number);
                if (Interlocked.Increment(ref _refusedSamples) == 1)
                {
                    warn($"the node refused a sample: {outcome.Detail}");
                }
                return TimeSpan.Zero;
            default:
                return PauseAfter(outcome);
        }
    }

    private TimeSpan PauseAfter(PostOutcome outcome)
    {
        if (!_away)
        {
            warn($"the node takes nothing ({outcome.Detail}); samples are kept and sent later");
        }
        _away = true;
        if (outcome.RetryAfter is { } asked)
        {
            return TimeSpan.FromTicks(Math.Clamp(asked.Ticks, ShortestPause.Ticks, LongestRetryAfter.Ticks));
        }
        var pause = _backOff;
        _backOff = _backOff * 2 < LongestBackOff ? _backOff * 2 : LongestBackOff;
        return pause;
    }
}
