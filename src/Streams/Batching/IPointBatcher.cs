namespace OrleansMetrics.Streams.Batching;

/// <summary>The way into the log for the points of a request.</summary>
public interface IPointBatcher
{
    /// <summary>The definition period now, for <see cref="RequestPoints.DefinitionPeriod"/>.</summary>
    int DefinitionPeriod { get; }

    /// <summary>Merges the points with those of other requests, appends them, and completes when all are durable or the log has refused.</summary>
    /// <remarks>
    /// The caller may reuse the points when the task has completed. A request with a <see cref="RequestPoints.Key"/> may be submitted again, here or
    /// in another process, whatever became of it: within the log's duplicate window its points are counted once.
    /// </remarks>
    ValueTask<SubmitStatus> SubmitAsync(RequestPoints points, CancellationToken cancellationToken);
}
