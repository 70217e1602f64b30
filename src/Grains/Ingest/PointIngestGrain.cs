using Orleans.Concurrency;
using OrleansMetrics.Contracts.Ingest;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Streams.Batching;

namespace OrleansMetrics.Grains.Ingest;

/// <summary>Takes points from Orleans clients into this silo's batcher.</summary>
[StatelessWorker]
public sealed class PointIngestGrain(IPointBatcher batcher, SeriesCache cache, IngestStatistics statistics, TimeProvider time) : Grain, IPointIngestGrain
{
    private const int MaxListed = 100;

    /// <summary>The same bound as a gateway's <c>Ingest:MaxFutureTime</c> by default.</summary>
    private static readonly TimeSpan MaxFutureTime = TimeSpan.FromMinutes(10);

    /// <inheritdoc />
    public async Task<PublishResult> Publish(MetricPoint[] points, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(points);
        if (points.Length > PublishResult.MaxPoints)
        {
            throw new ArgumentException($"{points.Length} points in one call; at most {PublishResult.MaxPoints} are taken.", nameof(points));
        }

        var now = time.GetUtcNow();
        var request = new RequestPoints(Math.Max(16, points.Length)) { DefinitionPeriod = batcher.DefinitionPeriod };
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
            throw new IOException("The log failed; some of the points may have been counted.");
        }

        if (status != SubmitStatus.Appended)
        {
            statistics.RequestOverloaded();
        }

        return new PublishResult
        {
            Accepted = status == SubmitStatus.Appended ? request.Count : 0,
            Rejected = [.. rejected],
            RejectedCount = rejectedCount,
            Overloaded = status != SubmitStatus.Appended,
        };
    }

    private bool TryAdd(RequestPoints request, MetricPoint point, DateTimeOffset now, out RejectReason reason)
    {
        if (!double.IsFinite(point.Value))
        {
            reason = RejectReason.NotFinite;
            return false;
        }

        var timestamp = point.Timestamp ?? now;
        if (timestamp > now + MaxFutureTime)
        {
            reason = RejectReason.TooFarAhead;
            return false;
        }

        if (!cache.TryResolve(point.Metric, point.Tags, out var series, out reason))
        {
            return false;
        }

        request.Add(series, point.Value, timestamp.ToUnixTimeMilliseconds());
        return true;
    }
}
