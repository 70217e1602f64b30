using System.Net;
using System.Text.Json;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Gateway.Queries;

namespace OrleansMetrics.Gateway.Tests.Queries;

public sealed class AggregatesEndpointTests : IAsyncLifetime
{
    private GatewayServer _server = null!;

    public async Task InitializeAsync() => _server = await GatewayServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task The_answer_has_exactly_the_documented_shape()
    {
        _server.AddMetric("cpu.usage", GatewayServer.Series(0));
        const string Expected = """
            { "metric": "cpu.usage", "kind": "gauge", "series": [ { "tags": {"host":"server-0"},
              "total": {"count":5000,"sum":1.0,"min":0.0,"max":1.0},
              "windows": [ {"start":"2026-01-01T00:00:00Z","end":"2026-01-01T00:00:10Z","final":true,"count":5,"sum":1.0,"min":0.0,"max":0.5,
                 "mean":0.2,"last":0.5,"lastUpdated":"2026-01-01T00:00:09.5Z","quantiles":{"0.5":0.2,"0.9":0.5,"0.99":0.5}} ] } ], "next": null }
            """;
        foreach (var path in new[] { "/api/metrics/cpu.usage", "/api/metrics/cpu.usage?limit=10" })
        {
            var answer = await HttpAssert.JsonAsync(_server.Client, path);
            Assert.True(JsonElement.DeepEquals(JsonDocument.Parse(Expected).RootElement, answer), answer.ToString());
            Assert.Equal(
                JsonDocument.Parse(Expected).RootElement.EnumerateObject().Select(p => p.Name), answer.EnumerateObject().Select(p => p.Name));
        }
    }

    [Fact]
    public async Task The_answer_reads_back_into_the_documented_schema()
    {
        _server.AddMetric("cpu.usage", GatewayServer.Series(0, windows: 3));
        var answer = HttpAssert.ReadStrictly<MetricAnswer>(await HttpAssert.JsonAsync(_server.Client, "/api/metrics/cpu.usage"));
        Assert.Equal([true, true, false], answer.Series[0].Windows.Select(w => w.Final));
        Assert.Equal(GatewayServer.Epoch.AddSeconds(9.5), answer.Series[0].Windows[0].LastUpdated);
    }

    [Fact]
    public async Task Current_aggregates_are_the_open_windows_and_the_retained_final_ones()
    {
        var series = GatewayServer.Series(0) with
        {
            Windows = [GatewayServer.Window(0, true), GatewayServer.Window(1, true), GatewayServer.Window(2, false), GatewayServer.Window(3, false)],
        };
        _server.AddMetric("m", series);
        Assert.Equal(["00:00:00", "00:00:10", "00:00:20", "00:00:30"], await Starts("/api/metrics/m"));
    }

    [Fact]
    public async Task A_number_that_json_cannot_hold_is_null()
    {
        var series = GatewayServer.Series(0) with { Total = new SeriesTotal { Count = 2, Sum = double.PositiveInfinity, Min = 1e308, Max = 1e308 } };
        _server.AddMetric("m", series);
        var total = (await HttpAssert.JsonAsync(_server.Client, "/api/metrics/m")).GetProperty("series")[0].GetProperty("total");
        Assert.Equal(JsonValueKind.Null, total.GetProperty("sum").ValueKind);
        Assert.Equal(1e308, total.GetProperty("max").GetDouble());
    }

    [Theory]
    [InlineData(0, "2026-01-01T00:00:00Z")]
    [InlineData(5_000_000, "2026-01-01T00:00:00.5Z")]
    [InlineData(10_000, "2026-01-01T00:00:00.001Z")]
    [InlineData(1, "2026-01-01T00:00:00.0000001Z")]
    public async Task Times_are_utc_without_trailing_zeros(long ticks, string expected)
    {
        var time = GatewayServer.Epoch.AddTicks(ticks).ToOffset(TimeSpan.FromHours(2));
        _server.AddMetric("m", GatewayServer.Series(0) with { Windows = [GatewayServer.Window(0, true) with { LastUpdated = time }] });
        var answer = await HttpAssert.JsonAsync(_server.Client, "/api/metrics/m");
        Assert.Equal(expected, answer.GetProperty("series")[0].GetProperty("windows")[0].GetProperty("lastUpdated").GetString());
    }

    [Theory]
    [InlineData(1_000, null, new[] { 250, 250, 250, 250 }, 1_000)]
    [InlineData(600, null, new[] { 250, 250, 250 }, 600)]
    [InlineData(600, 251, new[] { 250, 1 }, 251)]
    [InlineData(600, 250, new[] { 250 }, 250)]
    [InlineData(600, 600, new[] { 250, 250, 100 }, 600)]
    [InlineData(600, 7, new[] { 7 }, 7)]
    [InlineData(1_001, null, new[] { 250, 250, 250, 250 }, 1_000)]
    public async Task An_answer_is_read_page_by_page(int series, int? limit, int[] limits, int expected)
    {
        var grain = _server.AddMetric("m", [.. Enumerable.Range(0, series).Select(i => GatewayServer.Series(i))]);
        var answer = await HttpAssert.JsonAsync(_server.Client, limit is null ? "/api/metrics/m" : $"/api/metrics/m?limit={limit}");
        Assert.Equal(limits, grain.Queries.Select(q => q.Limit));
        Assert.Equal(
            Enumerable.Range(0, expected).Select(i => $"server-{i}"),
            answer.GetProperty("series").EnumerateArray().Select(s => s.GetProperty("tags").GetProperty("host").GetString()));
        Assert.Equal(expected < series ? expected.ToString() : null, answer.GetProperty("next").GetString());
    }

    [Fact]
    public async Task The_next_cursor_continues_where_the_answer_ended()
    {
        _server.AddMetric("m", [.. Enumerable.Range(0, 700).Select(i => GatewayServer.Series(i))]);
        var seen = new List<string?>();
        string? after = null;
        do
        {
            var answer = await HttpAssert.JsonAsync(_server.Client, $"/api/metrics/m/windows?limit=300{(after is null ? "" : $"&after={after}")}");
            seen.AddRange(answer.GetProperty("series").EnumerateArray().Select(s => s.GetProperty("tags").GetProperty("host").GetString()));
            after = answer.GetProperty("next").GetString();
        }
        while (after is not null);
        Assert.Equal(Enumerable.Range(0, 700).Select(i => $"server-{i}"), seen);
    }

    [Theory]
    [InlineData("http/requests")]
    [InlineData("disk free, %")]
    [InlineData("a%2Fb")]
    [InlineData("a%252Fb")]
    [InlineData("größe/温度/🌡")]
    [InlineData("x/windows")]
    [InlineData("windows")]
    [InlineData("q?a=b&c#d;e+f")]
    [InlineData("back\\slash")]
    [InlineData("a/../b")]
    [InlineData("\"<script>")]
    public async Task Any_name_can_be_asked_for(string name)
    {
        _server.AddMetric(name, GatewayServer.Series(1));
        foreach (var suffix in new[] { "", "/", "?limit=1", "/windows", "/windows/", "/windows?from=-2h" })
        {
            var answer = await HttpAssert.JsonAsync(_server.Client, $"/api/metrics/{Uri.EscapeDataString(name)}{suffix}");
            Assert.Equal(name, answer.GetProperty("metric").GetString());
            Assert.Equal(1, answer.GetProperty("series").GetArrayLength());
        }
    }

    [Fact]
    public async Task Names_and_tags_are_escaped_in_json()
    {
        const string Nasty = "\"<\\ü>";
        _server.AddMetric(Nasty, GatewayServer.Series(0) with { Tags = [new Tag(Nasty, Nasty)] });
        var answer = await HttpAssert.JsonAsync(_server.Client, $"/api/metrics/{Uri.EscapeDataString(Nasty)}");
        Assert.Equal(Nasty, answer.GetProperty("series")[0].GetProperty("tags").GetProperty(Nasty).GetString());
        Assert.DoesNotContain("<", answer.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tags_filter_by_case_and_encoding()
    {
        var both = GatewayServer.Series(0) with { Tags = [new Tag("Host", "A b"), new Tag("host", "a&b=c")] };
        var other = GatewayServer.Series(1) with { Tags = [new Tag("Host", "A b"), new Tag("host", "x")] };
        var grain = _server.AddMetric("m", both, other);
        var answer = await HttpAssert.JsonAsync(_server.Client, "/api/metrics/m?tag.Host=A+b&tag.host=a%26b%3Dc");
        Assert.Equal(1, answer.GetProperty("series").GetArrayLength());
        Assert.Equal([new Tag("Host", "A b"), new Tag("host", "a&b=c")], grain.Queries.Single().Tags);
        answer = await HttpAssert.JsonAsync(_server.Client, "/api/metrics/m?tag.host=nobody");
        Assert.Equal(0, answer.GetProperty("series").GetArrayLength());
    }

    [Theory]
    [InlineData("/api/metrics/m?limit=0", "limit", "0")]
    [InlineData("/api/metrics/m?limit=100001", "limit", "100001")]
    [InlineData("/api/metrics/m?limit=-1", "limit", "-1")]
    [InlineData("/api/metrics/m?limit=ten", "limit", "ten")]
    [InlineData("/api/metrics/m?limit=99999999999", "limit", "99999999999")]
    [InlineData("/api/metrics/m?limit=", "limit", "")]
    [InlineData("/api/metrics/m?limit=1&limit=2", "limit", "2")]
    [InlineData("/api/metrics/m?Limit=1", "Limit", "1")]
    [InlineData("/api/metrics/m?after=nonsense", "after", "nonsense")]
    [InlineData("/api/metrics/m?host=a", "host", "a")]
    [InlineData("/api/metrics/m?from=-1h", "from", "-1h")]
    [InlineData("/api/metrics/m?tag.=a", "tag.", "a")]
    [InlineData("/api/metrics/m?tag.host=", "tag.host", "")]
    [InlineData("/api/metrics/m?tag.host=a&tag.host=b", "tag.host", "b")]
    [InlineData("/api/metrics/m/windows?from=yesterday", "from", "yesterday")]
    [InlineData("/api/metrics/m/windows?to=2026-01-01T00:00:00", "to", "2026-01-01T00:00:00")]
    [InlineData("/api/metrics/m/windows?from=now&to=-1h", "from", "now")]
    [InlineData("/api/metrics/m/windows?from=-1h&to=-1h", "from", "-1h")]
    [InlineData("/api/metrics/m/windows?form=-1h", "form", "-1h")]
    public async Task A_bad_parameter_is_named_with_its_value_and_what_is_allowed(string path, string parameter, string value)
    {
        _server.AddMetric("m", GatewayServer.Series(0));
        var problem = await HttpAssert.ProblemAsync(_server.Client, path, HttpStatusCode.BadRequest);
        Assert.Equal(parameter, problem.GetProperty("parameter").GetString());
        Assert.Equal(value, problem.GetProperty("value").GetString());
        Assert.NotEmpty(problem.GetProperty("allowed").GetString()!);
        Assert.Contains($"'{parameter}'", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/api/metrics/unknown")]
    [InlineData("/api/metrics/unknown/windows")]
    [InlineData("/api/metrics/un%0Aknown")]
    [InlineData("/api/metrics/%20")]
    public async Task A_metric_never_seen_is_404(string path)
    {
        var problem = await HttpAssert.ProblemAsync(_server.Client, path, HttpStatusCode.NotFound);
        Assert.Equal("Unknown metric", problem.GetProperty("title").GetString());
    }

    [Fact]
    public async Task A_name_longer_than_any_metric_is_404()
    {
        var longName = new string('x', PointLimits.MaxMetricNameBytes + 1);
        var grain = _server.AddMetric(longName, GatewayServer.Series(0));
        await HttpAssert.ProblemAsync(_server.Client, $"/api/metrics/{longName}", HttpStatusCode.NotFound);
        Assert.Empty(grain.Queries);
    }

    private async Task<string[]> Starts(string path) =>
        [.. (await HttpAssert.JsonAsync(_server.Client, path)).GetProperty("series")[0].GetProperty("windows").EnumerateArray()
            .Select(w => w.GetProperty("start").GetString()![11..^1])];
}
