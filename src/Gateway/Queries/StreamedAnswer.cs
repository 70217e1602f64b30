namespace OrleansMetrics.Gateway.Queries;

/// <summary>
/// A 200 whose JSON is written while more of it is read from the cluster. A failure on the way aborts the connection, so that
/// a client never takes a part for the whole.
/// </summary>
internal sealed class StreamedAnswer(Func<JsonStream, CancellationToken, Task> write) : IResult
{
    /// <inheritdoc/>
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        var cancellationToken = httpContext.RequestAborted;
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "application/json; charset=utf-8";
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        using var stream = new JsonStream(response.BodyWriter);
        try
        {
            await write(stream, cancellationToken);
            await stream.FlushAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The client has gone.
        }
        catch (Exception e)
        {
            // Whatever it is, only a broken connection tells the client that the answer is not whole.
            var logger = httpContext.RequestServices.GetRequiredService<ILogger<StreamedAnswer>>();
            QueryLog.AnswerAborted(logger, e, httpContext.Request.Path);
            httpContext.Abort();
        }
    }
}
