using System.Net;
using System.Net.Http.Headers;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Gateway.Queries;

namespace OrleansMetrics.Gateway.Tests.Queries;

public sealed class RateTests : IAsyncLifetime
{
    private GatewayServer _server = null!;

    public async Task InitializeAsync() => _server = await GatewayServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [InlineData(MetricKind.Counter, "counter")]
    [InlineData(MetricKind.CumulativeCounter, "cumulative_counter")]
    public async Task Counters_have_a_rate_over_the_whole_window_even_while_it_is_open(MetricKind kind, string name)
    {
        _server.AddMetric("m", kind, GatewayServer.Series(0, windows: 2));
        var current = HttpAssert.ReadStrictly<MetricAnswer>(await HttpAssert.JsonAsync(_server.Client, "/api/metrics/m"));
        Assert.Equal(name, current.Kind);
        Assert.Equal([(true, 0.1), (false, 0.1)], current.Series[0].Windows.Select(static window => (window.Final, window.Rate!.Value)));

        var range = HttpAssert.ReadStrictly<RangeAnswer>(await HttpAssert.JsonAsync(_server.Client, "/api/metrics/m/windows"));
        Assert.Equal([0.1, 0.1], range.Series[0].Windows.Select(static window => window.Rate!.Value));

        var named = await HttpAssert.JsonAsync(_server.Client, "/api/metrics/m/windows?agg=rate,sum");
        var window = named.GetProperty("series")[0].GetProperty("windows")[0];
        Assert.Equal(["start", "end", "final", "rate", "sum"], window.EnumerateObject().Select(static member => member.Name));
        Assert.Equal(0.1, window.GetProperty("rate").GetDouble());
    }

    [Theory]
    [InlineData("", "series,start,end,final,count,sum,min,max,mean,last,rate,p50,p90,p99", ",5,1,0,0.5,0.2,0.5,0.1,0.2,0.5,0.5")]
    [InlineData("?agg=rate,count", "series,start,end,final,rate,count", ",0.1,5")]
    public async Task Csv_has_the_rate_of_counters(string query, string head, string line)
    {
        _server.AddMetric("m", MetricKind.Counter, GatewayServer.Series(0));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/metrics/m/windows" + query);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/csv"));
        using var response = await _server.Client.SendAsync(request);
        var lines = (await response.Content.ReadAsStringAsync()).Split("\r\n");
        Assert.Equal(head, lines[0]);
        Assert.EndsWith("true" + line, lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sets_have_counts_and_different_elements_and_nothing_else()
    {
        var series = GatewayServer.Series(0);
        _server.AddMetric("m", MetricKind.Set, series with { Windows = [series.Windows[0] with { Distinct = 4, Quantiles = [] }] });
        const string Window = """{"start":"2026-01-01T00:00:00Z","end":"2026-01-01T00:00:10Z","final":true,"count":5,"distinct":4,"lastUpdated":"2026-01-01T00:00:09.5Z"}""";
        Assert.Equal(
            $$$"""{"metric":"m","kind":"set","series":[{"tags":{"host":"server-0"},"total":{"count":5000},"windows":[{{{Window}}}]}],"next":null}""",
            await _server.Client.GetStringAsync("/api/metrics/m"));
        var named = (await HttpAssert.JsonAsync(_server.Client, "/api/metrics/m/windows?agg=distinct,count")).GetProperty("series")[0].GetProperty("windows")[0];
        Assert.Equal((4, 5), (named.GetProperty("distinct").GetInt32(), named.GetProperty("count").GetInt32()));
        foreach (var member in new[] { "sum", "mean", "last", "rate", "p99" })
        {
            using var response = await _server.Client.GetAsync($"/api/metrics/m/windows?agg={member}");
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        }

        _server.AddMetric("g", series);
        using var other = await _server.Client.GetAsync("/api/metrics/g/windows?agg=distinct");
        Assert.Equal(HttpStatusCode.BadRequest, other.StatusCode);
    }

    [Theory]
    [InlineData(MetricKind.Gauge, "gauge")]
    [InlineData(MetricKind.Distribution, "distribution")]
    public async Task Other_kinds_have_none(MetricKind kind, string name)
    {
        _server.AddMetric("m", kind, GatewayServer.Series(0));
        using var response = await _server.Client.GetAsync("/api/metrics/m/windows?agg=sum,rate");
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains($"The metric is a {name}, which has no rate.", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        var answer = await HttpAssert.JsonAsync(_server.Client, "/api/metrics/m");
        Assert.False(answer.GetProperty("series")[0].GetProperty("windows")[0].TryGetProperty("rate", out _));
    }
}
