using System.Net.Sockets;
using OrleansMetrics.Cli.NodeApi;

namespace OrleansMetrics.Cli.Tests.NodeApi;

public sealed class BrokenConnectionsTests
{
    [Fact]
    public async Task A_connection_that_breaks_before_its_first_use_is_a_node_that_was_not_reached()
    {
        using var http = new HttpClient(new BrokenConnections(new Breaking(new SocketException((int)SocketError.NotConnected))));
        var exception = await Assert.ThrowsAsync<HttpRequestException>(() => http.GetAsync(new Uri("http://127.0.0.1:1")));
        Assert.Equal(HttpRequestError.ConnectionError, exception.HttpRequestError);
        Assert.Equal(PostStatus.Unreachable, PostOutcome.FromException(exception).Status);
    }

    [Fact]
    public async Task Other_failures_stay_what_they_are()
    {
        using var http = new HttpClient(new BrokenConnections(new Breaking(new HttpRequestException(HttpRequestError.ResponseEnded))));
        var exception = await Assert.ThrowsAsync<HttpRequestException>(() => http.GetAsync(new Uri("http://127.0.0.1:1")));
        Assert.Equal(PostStatus.Uncertain, PostOutcome.FromException(exception).Status);
    }

    private sealed class Breaking(Exception exception) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => throw exception;
    }
}
