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
    private readonly HashSet<RequestKey> _keys = [];
    private readonly List<LogAppend> _appends = [];
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
        while (await _waiting.Reader.WaitToReadAsync())
        {
            // Bodies that have arrived are read first, and come along: a larger append costs less.
            await Task.Yield();
            TakeRound(round, requests);
            try
            {
                Complete(round, await AppendAsync(requests));
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
            _keys.Clear();
        }
    }

    /// <summary>A repeat of a request in the round waits for the next one, where the log knows the first.</summary>
    private void TakeRound(List<Submission> round, List<RequestPoints> requests)
    {
        var points = 0;
        while (points < _options.MaxAppendPoints
            && _waiting.Reader.TryPeek(out var next)
            && (next.Points.Key is not { } key || _keys.Add(key))
            && _waiting.Reader.TryRead(out var submission))
        {
            round.Add(submission);
            requests.Add(submission.Points);
            points += submission.Points.Count;
        }
    }

    /// <summary>Appends the requests, those parts again that the log gave back. Null: it appended everything at once.</summary>
    private async ValueTask<RoundOutcome?> AppendAsync(List<RequestPoints> requests)
    {
        RoundOutcome? outcome = null;
        do
        {
            _appends.Clear();
            _encoder.Encode(requests, _time.GetUtcNow().ToUnixTimeMilliseconds(), _appends, outcome);
            await _log.AppendAsync(_appends, CancellationToken.None);
            if (outcome is null && _appends.TrueForAll(static append => append.Status == AppendStatus.Appended))
            {
                return null;
            }

            LogFailures(_appends);
            outcome ??= new RoundOutcome(requests, _log.Partitions);
            if (!outcome.Settle(_appends))
            {
                return outcome;
            }
        }
        while (true);
    }

    private void Complete(List<Submission> round, RoundOutcome? outcome)
    {
        for (var request = 0; request < round.Count; request++)
        {
            var points = round[request].Points;
            foreach (var series in points.Undefined)
            {
                if (outcome?.IsAppended(request, series.Metric.Partition) ?? true)
                {
                    series.DefinedIn = points.DefinitionPeriod;
                }
            }

            foreach (var run in points.Runs)
            {
                if (run.Kind is { } kind && (outcome?.IsAppended(request, run.Metric.Partition) ?? true))
                {
                    run.Metric.LearnKind(kind, points.DefinitionPeriod);
                }
            }

            var status = outcome?.StatusOf(request) ?? SubmitStatus.Appended;
            if (status is SubmitStatus.Appended or SubmitStatus.Repeated)
            {
                var (appended, repeated) = outcome?.PointsOf(request) ?? (points.Count, 0);
                _statistics.PointsAccepted(appended);
                _statistics.PointsRepeated(repeated);
            }

            round[request].TrySetResult(status);
        }
    }

    private void LogFailures(List<LogAppend> appends)
    {
        foreach (var append in appends)
        {
            if (append.Status is AppendStatus.Failed or AppendStatus.Pending)
            {
                LogAppendFailed(append.Error, append.Partition, append.Points);
            }
        }
    }

    [LoggerMessage(LogLevel.Error, "An append of {Points} points to partition {Partition} failed; whether the log has them is not known.")]
    private partial void LogAppendFailed(Exception? exception, int partition, int points);

    [LoggerMessage(LogLevel.Critical, "A round of {Requests} requests failed in the batcher.")]
    private partial void LogRoundFailed(Exception exception, int requests);

    private sealed class Submission(RequestPoints points) : TaskCompletionSource<SubmitStatus>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public RequestPoints Points { get; } = points;
    }
}
