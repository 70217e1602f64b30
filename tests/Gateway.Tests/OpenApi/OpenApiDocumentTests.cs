using System.Text.Json;
using OrleansMetrics.Gateway.Tests.Queries;

namespace OrleansMetrics.Gateway.Tests.OpenApi;

public sealed class OpenApiDocumentTests : IAsyncLifetime
{
    private GatewayServer _server = null!;
    private JsonElement _document;

    public async Task InitializeAsync()
    {
        _server = await GatewayServer.StartAsync();
        var text = await _server.Client.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative));
        _document = JsonDocument.Parse(text).RootElement;
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public void It_has_a_title_a_version_and_a_description()
    {
        var info = _document.GetProperty("info");
        Assert.Equal("OrleansMetrics", info.GetProperty("title").GetString());
        Assert.Matches(@"^\d+\.\d+\.\d+", info.GetProperty("version").GetString()!);
        Assert.NotEmpty(info.GetProperty("description").GetString()!);
    }

    [Fact]
    public void It_lists_every_path() => Assert.Equal(
        ["/", "/api/cluster", "/api/metrics", "/api/metrics/{metric}", "/api/metrics/{metric}/windows", "/api/stats", "/health/live", "/health/ready", "/health/startup", "/metrics"],
        _document.GetProperty("paths").EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal));

    [Fact]
    public void Every_operation_says_what_it_does_and_answers()
    {
        foreach (var path in _document.GetProperty("paths").EnumerateObject())
        {
            var operation = path.Value.GetProperty("get");
            Assert.True(operation.TryGetProperty("operationId", out _), path.Name);
            Assert.True(operation.TryGetProperty("summary", out _), path.Name);
            Assert.True(operation.TryGetProperty("description", out _), path.Name);
            var ok = operation.GetProperty("responses").GetProperty("200");
            Assert.True(ok.GetProperty("content").EnumerateObject().Any(), path.Name);
        }
    }

    [Theory]
    [InlineData("/api/metrics", "match limit after", "200 400 503")]
    [InlineData("/api/metrics/{metric}", "metric tag.NAME limit after", "200 400 404 503")]
    [InlineData("/api/metrics/{metric}/windows", "metric from to step agg groupBy tag.NAME limit after", "200 400 404 503")]
    [InlineData("/api/stats", "", "200 400 503")]
    [InlineData("/api/cluster", "", "200 400 503")]
    [InlineData("/health/ready", "", "200 503")]
    public void Parameters_and_answers_are_listed(string path, string parameters, string statuses)
    {
        var operation = _document.GetProperty("paths").GetProperty(path).GetProperty("get");
        var names = operation.TryGetProperty("parameters", out var list) ? list.EnumerateArray().Select(p => p.GetProperty("name").GetString()) : [];
        Assert.Equal(parameters, string.Join(' ', names));
        Assert.Equal(statuses, string.Join(' ', operation.GetProperty("responses").EnumerateObject().Select(r => r.Name).Order()));
    }

    [Fact]
    public void The_schema_of_a_window_has_every_member()
    {
        var window = _document.GetProperty("components").GetProperty("schemas").GetProperty("WindowAnswer").GetProperty("properties");
        Assert.Equal(
            ["start", "end", "final", "count", "sum", "min", "max", "mean", "last", "lastUpdated", "quantiles", "revision", "rate", "distinct"], window.EnumerateObject().Select(p => p.Name));
    }
}
