using System.Net.Sockets;

namespace OrleansMetrics.Cli.NodeApi;

/// <summary>
/// Reports a connection that broke between its making and its first use as what it is, one that could not be made: .NET asks it for its address then and lets the socket's own exception through.
/// No request has gone out on it.
/// </summary>
internal sealed class BrokenConnections(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await base.SendAsync(request, cancellationToken);
        }
        catch (SocketException exception)
        {
            throw new HttpRequestException(HttpRequestError.ConnectionError, exception.Message, exception);
        }
    }
}
