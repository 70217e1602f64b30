using Orleans.Runtime;

namespace OrleansMetrics.Gateway.Queries;

/// <summary>
/// Answers 503 with Retry-After when a grain call before the first byte of the answer times out or finds no silo. What fails after
/// the first byte is for <see cref="StreamedAnswer"/>.
/// </summary>
internal sealed class ClusterFailureFilter(ILogger<ClusterFailureFilter> logger) : IEndpointFilter
{
    /// <inheritdoc/>
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        try
        {
            return await next(context);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            return TypedResults.Empty;
        }
        catch (Exception e) when (e is TimeoutException or OrleansException or OperationCanceledException)
        {
            QueryLog.ClusterUnavailable(logger, e, http.Request.Path);
            http.Response.Headers.RetryAfter = "1";
            return QueryProblems.Unavailable();
        }
    }
}
