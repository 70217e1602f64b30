using System.Net;
using System.Net.Http.Headers;
using OrleansMetrics.Cli.NodeApi;

namespace OrleansMetrics.Cli.Load;

/// <summary>
/// Posts bodies over HTTP/1.1 with as few instructions as .NET's own client allows: no redirects, cookies, proxies, tracing or copying.
/// </summary>
internal sealed class LoadTransport : IDisposable
{
    private static readonly MediaTypeHeaderValue TextPlain = new("text/plain");

    private readonly HttpMessageInvoker _http;
    private readonly Uri _address;
    private readonly bool _gzip;
    private readonly TimeProvider _time;

    public LoadTransport(Uri node, LoadOptions options, TimeProvider time)
    {
        _address = new Uri(node, "/api/v2/write?precision=ns");
        _gzip = options.Gzip;
        _time = time;
        _http = new HttpMessageInvoker(new BrokenConnections(new SocketsHttpHandler
        {
            MaxConnectionsPerServer = options.Connections,
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = TimeSpan.FromSeconds(5),
        }));
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    /// <summary>Posts a body. Never throws for what the network or the node does.</summary>
    public async ValueTask<PostOutcome> PostAsync(LoadBody body, string? idempotencyKey, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _address) { Content = new ReadOnlyMemoryContent(body.Bytes) };
        request.Content.Headers.ContentType = TextPlain;
        if (idempotencyKey is not null)
        {
            request.Headers.TryAddWithoutValidation("Idempotency-Key", idempotencyKey);
        }
        if (_gzip)
        {
            request.Content.Headers.ContentEncoding.Add("gzip");
        }
        try
        {
            using var response = await _http.SendAsync(request, cancellationToken);
            return await PostOutcome.ReadAsync(response, _time, cancellationToken);
        }
        catch (HttpRequestException exception)
        {
            return PostOutcome.FromException(exception);
        }
        catch (IOException exception)
        {
            return new PostOutcome(PostStatus.Uncertain, exception.Message);
        }
        catch (OperationCanceledException)
        {
            return new PostOutcome(PostStatus.Uncertain, "no answer in time");
        }
    }
}
