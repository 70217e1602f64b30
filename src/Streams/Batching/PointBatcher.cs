using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Streams.Batching;

/// <summary>
/// Merges the points of the requests that wait while an append is under way into the next one (group commit): an idle process
/// appends at once, a busy one in larger batches. One worker; requests queue in a bounded channel.
/// </summary>
public sealed partial class PointBatcher : IPointBatcher, IAsyncDisposable
{
    private readonly IPointLog _log;
    private readonly TimeProvider _time;
    private readonly IngestStatistics _statistics;
    private readonly ILogger<PointBatcher> _logger;
    private readonly BatchingOptions _options;
    private readonly BatchEncoder _encoder;
    private readonly Channel<Submission> _waiting;
    private readonly long _startedAt;
    private readonly Task _worker;
    private volatile bool _closed;

    /// <param name="log">Where the batches go.</param>
    /// <param name="gatewayId">Written into every batch.</param>
    /// <param name="options">Limits.</param>
    /// <param name="statistics">Told of the points that are to be acknowledged.</param>
    /// <param name="time">Clock of this process.</param>
    /// <param name="logger">Told of failures.</param>
    public PointBatcher(
        IPointLog log, GatewayId gatewayId, IOptions<BatchingOptions> options, IngestStatistics statistics, TimeProvider time, ILogger<PointBatcher> logger)
    {
        _log = log;
        _time = time;
        _statistics = statistics;
        _logger = logger;
        _options = options.Value;
        _encoder = new BatchEncoder(log.Partitions, gatewayId.Utf8, _options.MaxBatchPoints);
        _waiting = Channel.CreateBounded<Submission>(new BoundedChannelOptions(_options.MaxWaitingRequests) { SingleReader = true });
        _startedAt = time.GetTimestamp();
        _worker = Task.Run(RunAsync);
    }

    /// <inheritdoc />
    public int DefinitionPeriod => (int)(_time.GetElapsedTime(_startedAt) / _options.DefinitionPeriod);

    /// <inheritdoc />
    public ValueTask<SubmitStatus> SubmitAsync(RequestPoints points, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(points);
        if (points.Count == 0)
        {
            return ValueTask.FromResult(SubmitStatus.Appended);
        }

        points.Seal();
        var submission = new Submission(points);
        if (_waiting.Writer.TryWrite(submission))
        {
            // Not cancellable on purpose: the points are the worker's until it has answered.
            return new ValueTask<SubmitStatus>(submission.Task);
        }

        return ValueTask.FromResult(_closed ? SubmitStatus.Closed : SubmitStatus.Full);
    }

    /// <summary>Takes no more points, appends those that wait, and ends the worker. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        _closed = true;
        _waiting.Writer.TryComplete();
        await _worker;
    }

    private async Task RunAsync()
    {
        var round = new List<Submission>();
        var requests = new List<RequestPoints>();
        var appends = new List<LogAppend>();
        while (await _waiting.Reader.WaitToReadAsync())
        {
            TakeRound(round, requests);
            try
            {
                _encoder.Encode(requests, _time.GetUtcNow().ToUnixTimeMilliseconds(), appends);
                await _log.AppendAsync(appends, CancellationToken.None);
                Complete(round, appends);
            }
            catch (Exception exception)
            {
                // The log reports failures in the appends; anything thrown is a defect that must not end the worker.
                LogRoundFailed(exception, requests.Count);
                foreach (var submission in round)
                {
                    submission.TrySetResult(SubmitStatus.Failed);
                }
            }

            round.Clear();
            requests.Clear();
            appends.Clear();
        }
    }

    private void TakeRound(List<Submission> round, List<RequestPoints> requests)
    {
        var points = 0;
        while (points < _options.MaxAppendPoints && _waiting.Reader.TryRead(out var submission))
        {
            round.Add(submission);
            requests.Add(submission.Points);
            points += submission.Points.Count;
        }
    }

    private void Complete(List<Submission> round, List<LogAppend> appends)
    {
        var statuses = new SubmitStatus?[_log.Partitions];
        foreach (var append in appends)
        {
            var status = append.Status switch
            {
                AppendStatus.Appended => SubmitStatus.Appended,
                AppendStatus.Full => SubmitStatus.Full,
                _ => SubmitStatus.Failed,
            };
            if (status == SubmitStatus.Failed)
            {
                LogAppendFailed(append.Error, append.Partition, append.Points);
            }

            statuses[append.Partition] = Combine(statuses[append.Partition], status);
        }

        foreach (var submission in round)
        {
            var status = Settle(submission.Points, statuses);
            if (status == SubmitStatus.Appended)
            {
                _statistics.PointsAccepted(submission.Points.Count);
            }

            submission.TrySetResult(status);
        }
    }

    private static SubmitStatus Settle(RequestPoints points, SubmitStatus?[] statuses)
    {
        SubmitStatus? settled = null;
        foreach (var run in points.Runs)
        {
            settled = Combine(settled, statuses[run.Metric.Partition]);
        }

        foreach (var series in points.Undefined)
        {
            if (statuses[series.Metric.Partition] == SubmitStatus.Appended)
            {
                series.DefinedIn = points.DefinitionPeriod;
            }
        }

        return settled ?? SubmitStatus.Failed;
    }

    /// <summary>
    /// One status for several batches: theirs if they agree. Otherwise failed: all-appended promises everything, full promises that
    /// nothing was taken, and neither is true.
    /// </summary>
    private static SubmitStatus? Combine(SubmitStatus? one, SubmitStatus? other) => one is null || one == other ? other : SubmitStatus.Failed;

    [LoggerMessage(LogLevel.Error, "An append of {Points} points to partition {Partition} failed; whether the log has them is not known.")]
    private partial void LogAppendFailed(Exception? exception, int partition, int points);

    [LoggerMessage(LogLevel.Critical, "A round of {Requests} requests failed in the batcher.")]
    private partial void LogRoundFailed(Exception exception, int requests);

    private sealed class Submission(RequestPoints points) : TaskCompletionSource<SubmitStatus>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public RequestPoints Points { get; } = points;
    }
}
