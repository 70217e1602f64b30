using OrleansMetrics.Gateway.Tests.Queries;

namespace OrleansMetrics.Gateway.Tests.Landing;

public sealed class LandingPageTests
{
    [Fact]
    public async Task The_page_needs_nothing_from_elsewhere_and_sets_text_only()
    {
        await using var server = await GatewayServer.StartAsync();
        using var response = await server.Client.GetAsync(new Uri("/", UriKind.Relative));
        var html = await response.Content.ReadAsStringAsync();
        Assert.Equal("text/html", response.Content.Headers.ContentType?.MediaType);
        Assert.DoesNotContain("://", html, StringComparison.Ordinal);
        Assert.DoesNotContain("innerHTML", html, StringComparison.Ordinal);
        Assert.DoesNotContain("insertAdjacentHTML", html, StringComparison.Ordinal);
        var policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
        Assert.StartsWith("default-src 'none'; style-src 'sha256-", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/api/metrics")]
    [InlineData("/api/stats")]
    [InlineData("/health/ready")]
    [InlineData("/openapi/v1.json")]
    public async Task The_page_names_the_endpoints(string path)
    {
        await using var server = await GatewayServer.StartAsync();
        Assert.Contains(path, await server.Client.GetStringAsync(new Uri("/", UriKind.Relative)), StringComparison.Ordinal);
    }
}
