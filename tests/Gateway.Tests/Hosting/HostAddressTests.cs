using System.Net;
using OrleansMetrics.Gateway.Hosting;

namespace OrleansMetrics.Gateway.Tests.Hosting;

public sealed class HostAddressTests
{
    [Theory]
    [InlineData("http://127.0.0.1:8080")]
    [InlineData("http://localhost:8080;https://[::1]:8443")]
    [InlineData("http://*:8080")]
    [InlineData("http://+:8080")]
    [InlineData("http://0.0.0.0:8080")]
    [InlineData("http://unix:/tmp/node.sock")]
    public void What_the_web_server_reads_as_meant_is_left_alone(string urls) => Assert.Equal(urls, HostAddress.ResolveUrls(urls));

    [Fact]
    public void A_hosts_name_becomes_its_address()
    {
        // The web server would listen on all addresses for it.
        var resolved = new Uri(HostAddress.ResolveUrls($"http://{Dns.GetHostName()}:8080"));

        Assert.Equal(8080, resolved.Port);
        Assert.True(IPAddress.TryParse(resolved.DnsSafeHost, out var address), resolved.ToString());
        Assert.Contains(address, Dns.GetHostAddresses(Dns.GetHostName()));
    }

    [Fact]
    public void A_name_that_nobody_knows_is_refused()
    {
        var exception = Assert.Throws<FormatException>(() => HostAddress.ResolveUrls("http://no-such-host.invalid:8080"));

        Assert.StartsWith("--urls is 'http://no-such-host.invalid:8080', and nobody knows 'no-such-host.invalid'.", exception.Message, StringComparison.Ordinal);
    }
}
