using System.Text;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using OrleansMetrics.Contracts.Ingest;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Streams.Batching;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Grains.Ingest;

/// <summary>Takes points from Orleans clients into this silo's batcher.</summary>
[StatelessWorker]
public sealed class PointIngestGrain(
    IPointBatcher batcher, SeriesCache cache, IngestStatistics statistics, IOptions<PointTimeOptions> times, TimeProvider time) : Grain, IPointIngestGrain
{
    private const int MaxListed = 100;

    private readonly long _maxFutureMilliseconds = times.Value.MaxFutureMilliseconds();

    /// <inheritdoc />
    public Task<PublishResult> Publish(MetricPoint[] points, CancellationToken cancellationToken = default) => PublishAsync(points, null, cancellationToken);

    /// <inheritdoc />
    public Task<PublishResult> PublishOnce(string producer, long sequence, MetricPoint[] points, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(producer);
        ArgumentOutOfRangeException.ThrowIfNegative(sequence);
        var name = Encoding.UTF8.GetBytes(producer);
        if (name.Length > PublishResult.MaxProducerBytes)
        {
            throw new ArgumentException($"The producer's name has {name.Length} bytes; at most {PublishResult.MaxProducerBytes} are taken.", nameof(producer));
        }

        return PublishAsync(points, RequestKey.Of(name, sequence), cancellationToken);
    }

    private async Task<PublishResult> PublishAsync(MetricPoint[] points, RequestKey? key, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(points);
        if (points.Length > PublishResult.MaxPoints)
        {
            throw new ArgumentException($"{points.Length} points in one call; at most {PublishResult.MaxPoints} are taken.", nameof(points));
        }

        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var request = new RequestPoints(Math.Max(16, points.Length)) { DefinitionPeriod = batcher.DefinitionPeriod, Key = key };
        var rejected = new List<RejectedPoint>();
        var rejectedCount = 0;
        for (var i = 0; i < points.Length; i++)
        {
            if (TryAdd(request, points[i], now, out var reason))
            {
                continue;
            }

            statistics.PointsRejected(reason, 1);
            if (++rejectedCount <= MaxListed)
            {
                rejected.Add(new RejectedPoint(i, reason.Name(), $"Point {i} ({points[i].Metric}): {reason.Name()}."));
            }
        }

        statistics.PointsReceived(points.Length);
        var status = await batcher.SubmitAsync(request, cancellationToken);
        if (status == SubmitStatus.Failed)
        {
            throw new IOException(key is null
                ? "The log failed; some of the points may have been counted. A call of PublishOnce can be repeated safely."
                : "The log failed; some of the points may have been counted. Repeat the call with the same producer and sequence: each point is counted once.");
        }

        var isDurable = status is SubmitStatus.Appended or SubmitStatus.Repeated;
        if (!isDurable)
        {
            statistics.RequestOverloaded();
        }

        return new PublishResult
        {
            Accepted = isDurable ? request.Count : 0,
            Rejected = [.. rejected],
            RejectedCount = rejectedCount,
            Overloaded = !isDurable,
            Repeated = status == SubmitStatus.Repeated,
        };
    }

    private bool TryAdd(RequestPoints request, MetricPoint point, long now, out RejectReason reason)
    {
        if (point.Element is null && !double.IsFinite(point.Value))
        {
            reason = RejectReason.NotFinite;
            return false;
        }

        var timestamp = point.Timestamp?.ToUnixTimeMilliseconds() ?? now;
        if (timestamp - now > _maxFutureMilliseconds)
        {
            reason = RejectReason.TooFarAhead;
            return false;
        }

        if (!cache.TryResolve(point.Metric, point.Tags, out var series, out reason))
        {
            return false;
        }

        if (point.Kind is { } kind && !kind.IsKnown())
        {
            reason = RejectReason.InvalidKind;
            return false;
        }

        if (request.Check(series.Metric, point.Kind, point.Element is null ? point.Value : 0) is { } bad)
        {
            reason = bad;
            return false;
        }

        if (point.Element is not { } element)
        {
            request.Add(series, point.Kind, point.Value, timestamp);
            return true;
        }

        if ((point.Kind ?? request.KindOf(series.Metric)) != MetricKind.Set)
        {
            reason = RejectReason.InvalidValue;
            return false;
        }

        request.AddElement(series, SetElement.Of(Encoding.UTF8.GetBytes(element)), timestamp);
        return true;
    }
}
