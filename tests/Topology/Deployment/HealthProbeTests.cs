using System.Net;
using System.Net.Sockets;
using OrleansMetrics.Gateway.Health;

namespace OrleansMetrics.Topology.Deployment;

/// <summary>What the images are checked with.</summary>
public sealed class HealthProbeTests
{
    [Theory]
    [InlineData("http://127.0.0.1", "/health/ready", HttpStatusCode.OK, 0)]
    [InlineData("http://0.0.0.0", "/health/ready", HttpStatusCode.OK, 0)]
    [InlineData("http://*", "/health/ready", HttpStatusCode.ServiceUnavailable, 1)]
    public async Task A_node_is_asked_at_the_address_in_its_settings(string host, string path, HttpStatusCode status, int exitCode)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var asked = AnswerAsync(listener, status);
        Assert.Equal(exitCode, await HealthProbe.RunAsync(["--urls", $"{host}:{((IPEndPoint)listener.LocalEndpoint).Port}"], TextWriter.Null));
        Assert.StartsWith($"GET {path} ", await asked);
    }

    [Fact]
    public async Task A_node_that_does_not_listen_is_not_ready()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        using var output = new StringWriter();
        Assert.Equal(1, await HealthProbe.RunAsync(["--urls", $"http://127.0.0.1:{port}"], output));
        Assert.Contains("does not answer", output.ToString(), StringComparison.Ordinal);
    }

    private static async Task<string> AnswerAsync(TcpListener listener, HttpStatusCode status)
    {
        using var client = await listener.AcceptTcpClientAsync();
        using var reader = new StreamReader(client.GetStream());
        await using var writer = new StreamWriter(client.GetStream());
        var request = await reader.ReadLineAsync();
        while (await reader.ReadLineAsync() is { Length: > 0 })
        {
        }

        await writer.WriteAsync($"HTTP/1.1 {(int)status} x\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}");
        return request ?? "";
    }
}
