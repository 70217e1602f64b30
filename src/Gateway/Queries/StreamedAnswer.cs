using System.IO.Pipelines;

namespace OrleansMetrics.Gateway.Queries;

/// <summary>
/// A 200 that is written while more of it is read from the cluster. A failure on the way aborts the connection, so that
/// a client never takes a part for the whole.
/// </summary>
internal sealed class StreamedAnswer : IResult
{
    private readonly Func<HttpResponse, CancellationToken, Task> _write;
    private readonly string _contentType;

    /// <summary>An answer in JSON.</summary>
    public StreamedAnswer(Func<JsonStream, CancellationToken, Task> write)
    {
        _contentType = "application/json; charset=utf-8";
        _write = async (response, cancellationToken) =>
        {
            using var stream = new JsonStream(response.BodyWriter);
            await write(stream, cancellationToken);
            await stream.FlushAsync(cancellationToken);
        };
    }

    /// <summary>An answer in another form: written, and sent whenever the writer says so.</summary>
    public StreamedAnswer(Func<PipeWriter, Func<CancellationToken, ValueTask>, CancellationToken, Task> write, string contentType)
    {
        _contentType = contentType;
        _write = async (response, cancellationToken) =>
        {
            await write(response.BodyWriter, async token => await response.BodyWriter.FlushAsync(token), cancellationToken);
            await response.BodyWriter.FlushAsync(cancellationToken);
        };
    }

    /// <inheritdoc/>
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        var cancellationToken = httpContext.RequestAborted;
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = _contentType;
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        try
        {
            await _write(response, cancellationToken);
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
