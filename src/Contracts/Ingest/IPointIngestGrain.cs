using OrleansMetrics.Contracts.Points;

namespace OrleansMetrics.Contracts.Ingest;

/// <summary>Takes points from Orleans clients: validated, batched and appended like those that a gateway takes. Any key; use 0.</summary>
[Alias("OrleansMetrics.IPointIngestGrain")]
public interface IPointIngestGrain : IGrainWithIntegerKey
{
    /// <summary>
    /// Appends the valid points to the log and names the others. When the task completes without
    /// <see cref="PublishResult.Overloaded"/>, the accepted points are durable. Not idempotent: a call that failed may have been counted. Where that
    /// matters, use <see cref="PublishOnce"/>.
    /// </summary>
    /// <param name="points">At most <see cref="PublishResult.MaxPoints"/>.</param>
    /// <param name="cancellationToken">Ends the wait; points already handed to the log are counted.</param>
    /// <exception cref="ArgumentException">Too many points.</exception>
    [Alias("Publish")]
    Task<PublishResult> Publish(MetricPoint[] points, CancellationToken cancellationToken = default);

    /// <summary>
    /// As <see cref="Publish"/>, but idempotent: after a failure or an answer that got lost, call again with the same producer, sequence and
    /// points, on this silo or another. Within the log's duplicate window (<c>Log:DuplicateWindow</c>, 15 minutes by default) the points
    /// are counted once.
    /// </summary>
    /// <param name="producer">Who publishes: 1 to <see cref="PublishResult.MaxProducerBytes"/> bytes of UTF-8, used by nobody else.</param>
    /// <param name="sequence">
    /// The producer's number for these points, at least 0; another one for each call that is no repeat, because other points under a number
    /// that was used are taken for the repeat and left out. Numbers may come in any order.
    /// </param>
    /// <param name="points">At most <see cref="PublishResult.MaxPoints"/>.</param>
    /// <param name="cancellationToken">Ends the wait; points already handed to the log are counted.</param>
    /// <exception cref="ArgumentException">Too many points, or producer or sequence out of range.</exception>
    [Alias("PublishOnce")]
    Task<PublishResult> PublishOnce(string producer, long sequence, MetricPoint[] points, CancellationToken cancellationToken = default);
}
