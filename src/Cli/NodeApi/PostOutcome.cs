using System.Text.Json;

namespace OrleansMetrics.Cli.NodeApi;

/// <summary>How a posted request ended.</summary>
internal enum PostStatus
{
    /// <summary>Every point is accepted.</summary>
    Accepted,

    /// <summary>Some points are rejected; the rest is accepted.</summary>
    PartlyRejected,

    /// <summary>The node is full, stopping, or its log failed; the request may be repeated later.</summary>
    Overloaded,

    /// <summary>The node refused the whole request or failed; repeating it does not help.</summary>
    Refused,

    /// <summary>No connection: the node has not seen the request.</summary>
    Unreachable,

    /// <summary>The connection broke or timed out after the request had begun: the node may have counted it or not.</summary>
    Uncertain,
}

/// <summary>How a posted request ended, and what the node said about it.</summary>
/// <param name="Status">The kind of ending.</param>
/// <param name="Detail">One line for people; empty when all is well.</param>
/// <param name="RetryAfter">How long the node asked to wait; null when it did not.</param>
/// <param name="Accepted">Points the node says it accepted; null when it did not say.</param>
/// <param name="Replayed">The node had counted the request before.</param>
/// <param name="MayBeCounted">The node refused, but may have taken some of the points.</param>
internal readonly record struct PostOutcome(
    PostStatus Status, string Detail = "", TimeSpan? RetryAfter = null, long? Accepted = null, bool Replayed = false, bool MayBeCounted = false)
{
    /// <summary>The refusals with which a node promises that it took nothing. Another 503 may come from its log, or from a proxy.</summary>
    private static readonly string[] TitlesOfNothingTaken = ["Overloaded", "Not taking points"];

    /// <summary>Reads the answer to a post.</summary>
    public static async ValueTask<PostOutcome> ReadAsync(HttpResponseMessage response, TimeProvider time, CancellationToken cancellationToken)
    {
        if (response.IsSuccessStatusCode)
        {
            return new PostOutcome(PostStatus.Accepted, Replayed: response.Headers.Contains("Idempotent-Replayed"));
        }
        var problem = await ProblemDetails.ReadAsync(response, cancellationToken);
        return (int)response.StatusCode switch
        {
            503 => new PostOutcome(
                PostStatus.Overloaded, problem.Describe(response), RetryAfterOf(response, time), MayBeCounted: !TitlesOfNothingTaken.Contains(problem.Title)),
            429 => new PostOutcome(PostStatus.Overloaded, problem.Describe(response), RetryAfterOf(response, time)),
            400 => new PostOutcome(PostStatus.PartlyRejected, problem.Describe(response), Accepted: problem.Accepted),
            _ => new PostOutcome(PostStatus.Refused, problem.Describe(response)),
        };
    }

    /// <summary>Tells a request that never reached the node from one that may have.</summary>
    public static PostOutcome FromException(HttpRequestException exception) => new(
        exception.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError
            ? PostStatus.Unreachable
            : PostStatus.Uncertain,
        (exception.InnerException ?? exception).Message);

    private static TimeSpan? RetryAfterOf(HttpResponseMessage response, TimeProvider time)
    {
        var header = response.Headers.RetryAfter;
        var wait = header?.Delta ?? (header?.Date - time.GetUtcNow());
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }
}
