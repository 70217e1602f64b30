using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Gateway.Queries;

namespace OrleansMetrics.Gateway.Tests.Queries;

public sealed class WindowsEndpointTests : IAsyncLifetime
{
    private GatewayServer _server = null!;

    public async Task InitializeAsync() => _server = await GatewayServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task The_answer_has_exactly_the_documented_shape()
    {
        _server.AddMetric("cpu.usage", GatewayServer.Series(0));
        var answer = await HttpAssert.JsonAsync(_server.Client, "/api/metrics/cpu.usage/windows");
        const string Expected = """
            { "metric": "cpu.usage", "kind": "gauge", "step": 0, "series": [ { "tags": {"host":"server-0"},
              "windows": [ {"start":"2026-01-01T00:00:00Z","end":"2026-01-01T00:00:10Z","final":true,"count":5,"sum":1.0,"min":0.0,"max":0.5,
                 "mean":0.2,"last":0.5,"lastUpdated":"2026-01-01T00:00:09.5Z","quantiles":{"0.5":0.2,"0.9":0.5,"0.99":0.5}} ] } ], "next": null }
            """;
        Assert.True(JsonElement.DeepEquals(JsonDocument.Parse(Expected).RootElement, answer), answer.ToString());
        Assert.Equal(["server-0"], HttpAssert.ReadStrictly<RangeAnswer>(answer).Series.Select(static series => series.Tags["host"]));
    }

    [Fact]
    public async Task Open_windows_are_there_and_not_final()
    {
        _server.AddMetric("m", GatewayServer.Series(0, windows: 3));
        var answer = HttpAssert.ReadStrictly<RangeAnswer>(await HttpAssert.JsonAsync(_server.Client, "/api/metrics/m/windows"));
        Assert.Equal([true, true, false], answer.Series[0].Windows.Select(static window => window.Final));
    }

    [Fact]
    public async Task Everything_asked_for_is_passed_on()
    {
        var history = _server.AddHistory("m", GatewayServer.Series(0));
        await HttpAssert.JsonAsync(_server.Client, "/api/metrics/m/windows?from=2026-01-01T00:00:10Z&to=1767225630&step=5m&agg=mean,p99,p99.9&groupBy=region,zone&tag.host=server-0&limit=7");
        var query = history.Queries.Single();
        Assert.Equal((GatewayServer.Epoch.AddSeconds(10), GatewayServer.Epoch.AddSeconds(30), TimeSpan.FromMinutes(5), 8), (query.From, query.To, query.Step, query.Limit));
        Assert.Equal([new Tag("host", "server-0")], query.Tags);
        Assert.Equal(["region", "zone"], query.GroupBy!);
        Assert.Equal([0.99, 0.999], query.Quantiles!);
        await HttpAssert.JsonAsync(_server.Client, "/api/metrics/m/windows?groupBy=*&agg=sum");
        query = history.Queries.Last();
        Assert.Equal((0, 0, TimeSpan.Zero, GatewayServer.Epoch, GatewayServer.Epoch.AddHours(1)), (query.GroupBy!.Length, query.Quantiles!.Length, query.Step, query.From, query.To));
    }

    [Fact]
    public async Task Windows_have_only_the_members_asked_for()
    {
        _server.AddMetric("m", GatewayServer.Series(0));
        var answer = await HttpAssert.JsonAsync(_server.Client, "/api/metrics/m/windows?agg=mean,p99,p10");
        var window = answer.GetProperty("series")[0].GetProperty("windows")[0];
        Assert.Equal(["start", "end", "final", "mean", "p99", "p10"], window.EnumerateObject().Select(static member => member.Name));
        Assert.Equal((0.2, 0.5, JsonValueKind.Null), (window.GetProperty("mean").GetDouble(), window.GetProperty("p99").GetDouble(), window.GetProperty("p10").ValueKind));
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/csv")]
    public async Task An_answer_of_many_pieces_is_whole(string type)
    {
        _server.AddMetric("m", [.. Enumerable.Range(0, 4).Select(static i => GatewayServer.Series(i, windows: 3_000))]);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/metrics/m/windows?from=0&to=now");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(type));
        _server.Time.SetUtcNow(GatewayServer.Epoch.AddDays(1));
        using var response = await _server.Client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        var expected = Enumerable.Range(0, 3_000).Select(static i => GatewayServer.Epoch.AddSeconds(10 * i)).ToList();
        if (type == "text/csv")
        {
            var lines = text.Split("\r\n");
            Assert.Equal("", lines[^1]);
            Assert.Equal(
                Enumerable.Range(0, 4).SelectMany(host => expected.Select(start => $"\"host=server-{host}\",{start:yyyy-MM-dd'T'HH:mm:ss'Z'}")),
                lines[1..^1].Select(static line => string.Join(',', line.Split(',')[..2])));
            return;
        }

        var answer = HttpAssert.ReadStrictly<RangeAnswer>(JsonDocument.Parse(text).RootElement);
        Assert.Equal(4, answer.Series.Length);
        Assert.All(answer.Series, series => Assert.Equal(expected, series.Windows.Select(static window => window.Start)));
    }

    [Fact]
    public async Task Only_the_numbers_that_are_shown_are_asked_for()
    {
        var history = _server.AddHistory("m", GatewayServer.Series(0));
        foreach (var (agg, members) in new[]
        {
            ("", RangeMembers.All), ("?agg=count", RangeMembers.None), ("?agg=mean,p99", RangeMembers.Sum), ("?agg=min,max,last", RangeMembers.Min | RangeMembers.Max | RangeMembers.Last),
            ("?agg=revision", RangeMembers.Revision),
        })
        {
            await HttpAssert.JsonAsync(_server.Client, $"/api/metrics/m/windows{agg}");
            Assert.Equal(members, history.Queries.Last().Members);
        }
    }

    [Fact]
    public async Task A_corrected_window_says_how_many_points_were_late_and_others_do_not()
    {
        var series = GatewayServer.Series(0, windows: 2);
        _server.AddMetric("m", series with { Windows = [series.Windows[0] with { Revision = 3 }, series.Windows[1]] });
        foreach (var path in new[] { "/api/metrics/m", "/api/metrics/m/windows" })
        {
            var windows = (await HttpAssert.JsonAsync(_server.Client, path)).GetProperty("series")[0].GetProperty("windows");
            Assert.Equal(3, windows[0].GetProperty("revision").GetInt64());
            Assert.False(windows[1].TryGetProperty("revision", out _));
        }

        var asked = (await HttpAssert.JsonAsync(_server.Client, "/api/metrics/m/windows?agg=revision")).GetProperty("series")[0].GetProperty("windows");
        Assert.Equal([3L, 0], asked.EnumerateArray().Select(static window => window.GetProperty("revision").GetInt64()));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/metrics/m/windows?agg=count,revision");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/csv"));
        using var response = await _server.Client.SendAsync(request);
        var lines = (await response.Content.ReadAsStringAsync()).Split("\r\n");
        Assert.EndsWith(",final,count,revision", lines[0], StringComparison.Ordinal);
        Assert.EndsWith(",true,5,3", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Csv_has_a_line_per_window()
    {
        _server.AddMetric("m", GatewayServer.Series(0, windows: 2) with { Tags = [new Tag("path", "a,\"b\"=c"), new Tag("x", "y")] });
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/metrics/m/windows?agg=count,max,p50");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/csv"));
        using var response = await _server.Client.SendAsync(request);
        Assert.Equal("text/csv", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(
            "series,start,end,final,count,max,p50\r\n"
            + "\"path=a\\,\"\"b\"\"\\=c,x=y\",2026-01-01T00:00:00Z,2026-01-01T00:00:10Z,true,5,0.5,0.2\r\n"
            + "\"path=a\\,\"\"b\"\"\\=c,x=y\",2026-01-01T00:00:10Z,2026-01-01T00:00:20Z,false,5,0.5,0.2\r\n",
            await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task What_the_history_refuses_is_400_with_its_reason()
    {
        _server.AddHistory("m", GatewayServer.Series(0)).Failure = new ArgumentException("The range has 86,400 windows per series.", "query");
        var problem = await HttpAssert.ProblemAsync(_server.Client, "/api/metrics/m/windows", HttpStatusCode.BadRequest);
        Assert.Equal("The range has 86,400 windows per series.", problem.GetProperty("detail").GetString());
    }

    [Theory]
    [InlineData("step=10", "step")]
    [InlineData("step=0s", "step")]
    [InlineData("step=8d", "step")]
    [InlineData("step=-1m", "step")]
    [InlineData("agg=median", "agg")]
    [InlineData("agg=p0", "agg")]
    [InlineData("agg=p101", "agg")]
    [InlineData("agg=mean,mean", "agg")]
    [InlineData("groupBy=a,,b", "groupBy")]
    public async Task A_bad_parameter_is_named(string parameters, string name)
    {
        _server.AddMetric("m", GatewayServer.Series(0));
        var problem = await HttpAssert.ProblemAsync(_server.Client, $"/api/metrics/m/windows?{parameters}", HttpStatusCode.BadRequest);
        Assert.Equal(name, problem.GetProperty("parameter").GetString());
    }
}
