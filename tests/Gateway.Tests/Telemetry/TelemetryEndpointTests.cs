using System.Diagnostics.Metrics;
using System.Net.Http.Headers;
using Microsoft.Extensions.DependencyInjection;
using OrleansMetrics.Gateway.Tests.Queries;

namespace OrleansMetrics.Gateway.Tests.Telemetry;

public sealed class TelemetryEndpointTests : IAsyncLifetime
{
    private GatewayServer _server = null!;

    public async Task InitializeAsync() => _server = await GatewayServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Own_meters_and_those_of_the_platform_are_in_prometheus_text()
    {
        var meters = _server.Services.GetRequiredService<IMeterFactory>();
        meters.Create("OrleansMetrics.Gateway.Tests").CreateCounter<long>("points.tested").Add(3);
        meters.Create("Microsoft.Orleans").CreateCounter<long>("orleans.tested").Add(1);
        meters.Create("Someone.Else").CreateCounter<long>("else.tested").Add(1);
        await HttpAssert.JsonAsync(_server.Client, "/api/metrics");
        var (type, text) = await Scrape("text/plain");
        Assert.Equal("text/plain", type);
        Assert.Contains("points_tested_total", text, StringComparison.Ordinal);
        Assert.Contains("orleans_tested_total", text, StringComparison.Ordinal);
        Assert.Contains("http_server_request_duration_seconds_bucket", text, StringComparison.Ordinal);
        Assert.Contains("""http_route="/api/metrics""", text, StringComparison.Ordinal);
        Assert.Contains("kestrel_active_connections", text, StringComparison.Ordinal);
        Assert.Contains("dotnet_gc_collections", text, StringComparison.Ordinal);
        Assert.Contains("""service_name="orleansmetrics""", text, StringComparison.Ordinal);
        Assert.DoesNotContain("else_tested", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Openmetrics_is_sent_when_asked_for()
    {
        var (type, text) = await Scrape("application/openmetrics-text");
        Assert.Equal("application/openmetrics-text", type);
        Assert.EndsWith("# EOF\n", text, StringComparison.Ordinal);
    }

    private async Task<(string? Type, string Text)> Scrape(string accept)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        request.Headers.Accept.Add(MediaTypeWithQualityHeaderValue.Parse(accept));
        using var response = await _server.Client.SendAsync(request);
        response.EnsureSuccessStatusCode();
        return (response.Content.Headers.ContentType?.MediaType, await response.Content.ReadAsStringAsync());
    }
}
