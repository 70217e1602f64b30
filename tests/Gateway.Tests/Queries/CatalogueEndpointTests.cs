using System.Net;
using System.Text.Json;
using OrleansMetrics.Contracts.Catalogue;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Gateway.Queries;

namespace OrleansMetrics.Gateway.Tests.Queries;

public sealed class CatalogueEndpointTests : IAsyncLifetime
{
    private GatewayServer _server = null!;

    public async Task InitializeAsync() => _server = await GatewayServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task The_answer_has_exactly_the_documented_shape()
    {
        _server.Catalogue.Metrics = [new MetricSummary("cpu.usage", MetricKind.Gauge, 3, 5_000_000_000, 77)];
        var answer = await HttpAssert.JsonAsync(_server.Client, "/api/metrics");
        Assert.Equal("""{"metrics":[{"name":"cpu.usage","kind":"gauge","series":3,"points":5000000000,"historyBytes":77}],"next":null}""", answer.GetRawText());
        Assert.Equal("cpu.usage", HttpAssert.ReadStrictly<MetricListAnswer>(answer).Metrics.Single().Name);
    }

    [Fact]
    public async Task An_empty_catalogue_is_an_empty_list() =>
        Assert.Equal("""{"metrics":[],"next":null}""", (await HttpAssert.JsonAsync(_server.Client, "/api/metrics/")).GetRawText());

    [Fact]
    public async Task Match_and_after_are_passed_on()
    {
        _server.Catalogue.Metrics = [.. new[] { "cpu.a", "cpu.b", "cpu.ü/x", "mem.a" }.Select(n => new MetricSummary(n, MetricKind.Gauge, 1, 1))];
        var answer = await HttpAssert.JsonAsync(_server.Client, "/api/metrics?match=cpu.*&limit=1&after=cpu.a");
        Assert.Equal(["cpu.b"], Names(answer));
        Assert.Equal("cpu.b", answer.GetProperty("next").GetString());
        answer = await HttpAssert.JsonAsync(_server.Client, "/api/metrics?match=cpu.%C3%BC%2F%3F");
        Assert.Equal(["cpu.ü/x"], Names(answer));
        Assert.Equal("cpu.ü/?", _server.Catalogue.Queries.Last().Match);
    }

    [Theory]
    [InlineData("", new[] { 1_000 }, 1_000)]
    [InlineData("?limit=2500", new[] { 1_000, 1_000, 500 }, 2_500)]
    [InlineData("?limit=100000", new[] { 1_000, 1_000, 1_000 }, 3_000)]
    public async Task An_answer_is_read_page_by_page(string query, int[] limits, int expected)
    {
        _server.Catalogue.Metrics = [.. Enumerable.Range(0, 3_000).Select(i => new MetricSummary($"m{i:D5}", MetricKind.Gauge, 1, 1))];
        var answer = await HttpAssert.JsonAsync(_server.Client, $"/api/metrics{query}");
        Assert.Equal(limits, _server.Catalogue.Queries.Select(q => q.Limit));
        Assert.Equal(Enumerable.Range(0, expected).Select(i => $"m{i:D5}"), Names(answer));
        Assert.Equal(expected < 3_000 ? $"m{expected - 1:D5}" : null, answer.GetProperty("next").GetString());
    }

    [Theory]
    [InlineData("/api/metrics?match=", "match", "")]
    [InlineData("/api/metrics?limit=100001", "limit", "100001")]
    [InlineData("/api/metrics?tag.host=a", "tag.host", "a")]
    [InlineData("/api/metrics?q=a", "q", "a")]
    public async Task A_bad_parameter_is_named_with_its_value(string path, string parameter, string value)
    {
        var problem = await HttpAssert.ProblemAsync(_server.Client, path, HttpStatusCode.BadRequest);
        Assert.Equal(parameter, problem.GetProperty("parameter").GetString());
        Assert.Equal(value, problem.GetProperty("value").GetString());
    }

    private static IEnumerable<string?> Names(JsonElement answer) =>
        answer.GetProperty("metrics").EnumerateArray().Select(m => m.GetProperty("name").GetString());
}
