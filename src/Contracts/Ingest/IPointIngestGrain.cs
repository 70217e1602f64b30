using OrleansMetrics.Contracts.Points;

namespace OrleansMetrics.Contracts.Ingest;

/// <summary>Takes points from Orleans clients: validated, batched and appended like those that a gateway takes. Any key; use 0.</summary>
[Alias("OrleansMetrics.IPointIngestGrain")]
public interface IPointIngestGrain : IGrainWithIntegerKey
{
    /// <summary>
    /// Appends the valid points to the log and names the others. When the task completes without
    /// <see cref="PublishResult.Overloaded"/>, the accepted points are durable. Not idempotent: a call that failed may have been counted.
    /// </summary>
    /// <param name="points">At most <see cref="PublishResult.MaxPoints"/>.</param>
    /// <param name="cancellationToken">Ends the wait; points already handed to the log are counted.</param>
    /// <exception cref="ArgumentException">Too many points.</exception>
    [Alias("Publish")]
    Task<PublishResult> Publish(MetricPoint[] points, CancellationToken cancellationToken = default);
}
