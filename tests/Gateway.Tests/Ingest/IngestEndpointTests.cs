using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using OrleansMetrics.Gateway.Ingest;
using OrleansMetrics.Gateway.Tests.Protocols;
using OrleansMetrics.Streams.Batching;

namespace OrleansMetrics.Gateway.Tests.Ingest;

public sealed class IngestEndpointTests
{
    private const string Line = "cpu,host=a value=1 1700000000000000000\n";

    [Theory]
    [InlineData("/write?db=telegraf&rp=&consistency=one", Line)]
    [InlineData("/write?db=x&precision=s", "cpu,host=a value=1 1700000000\n")]
    [InlineData("/api/v2/write?org=o&bucket=b&precision=ms", "cpu,host=a value=1 1700000000000")]
    [InlineData("/api/points", """[{"metric":"cpu","value":1,"timestamp":1700000000000,"tags":{"host":"a"}}]""")]
    public async Task Points_come_by_every_route(string path, string body)
    {
        await using var server = await IngestServer.StartAsync();
        server.Client.DefaultRequestHeaders.Add("Authorization", "Token secret");
        using var response = await server.PostAsync(path, body);
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal([ParsedBody.PointOf("cpu", [("host", "a")], 1, ParsedBody.ReceivedAt)], Assert.Single(server.Batcher.Submitted));
        Assert.Equal((1, 1), (server.Statistics.Received, server.Statistics.Accepted));
    }

    [Fact]
    public async Task What_is_refused_is_named_and_the_rest_is_accepted()
    {
        await using var server = await IngestServer.StartAsync();
        using var response = await server.PostAsync("/write", Line + "bad\nm a=NaN,b=2,c=\"text\"\n");
        var problem = await IngestServer.ProblemAsync(response, HttpStatusCode.BadRequest);
        Assert.Equal(2, problem.GetProperty("accepted").GetInt64());
        Assert.Equal(2, problem.GetProperty("rejected").GetInt64());
        var errors = problem.GetProperty("errors").EnumerateArray().ToList();
        Assert.Equal([2L, 3L], errors.Select(error => error.GetProperty("line").GetInt64()));
        Assert.Equal(["malformed", "not_finite"], errors.Select(error => error.GetProperty("reason").GetString()));
        Assert.Equal("bad", errors[0].GetProperty("text").GetString());
        Assert.Equal(2, Assert.Single(server.Batcher.Submitted).Count);
        Assert.Equal((4, 2, 1), (server.Statistics.Received, server.Statistics.Accepted, server.Statistics.IgnoredFields));
        Assert.Equal((1, 1), (server.Statistics.Rejected(RejectReason.Malformed), server.Statistics.Rejected(RejectReason.NotFinite)));
    }

    [Fact]
    public async Task A_syntax_error_in_json_is_400_and_the_elements_before_it_are_accepted()
    {
        await using var server = await IngestServer.StartAsync();
        using var response = await server.PostAsync("/api/points", "[{\"metric\":\"m\",\"value\":1},\n{\"metric\":}]");
        var problem = await IngestServer.ProblemAsync(response, HttpStatusCode.BadRequest);
        Assert.Equal(1, problem.GetProperty("accepted").GetInt64());
        var error = Assert.Single(problem.GetProperty("errors").EnumerateArray());
        Assert.Equal((2, 1), (error.GetProperty("line").GetInt64(), error.GetProperty("index").GetInt64()));
        Assert.Contains("line 2, byte 11", error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Single(Assert.Single(server.Batcher.Submitted));
    }

    [Theory]
    [InlineData(SubmitStatus.Full, true)]
    [InlineData(SubmitStatus.Closed, false)]
    [InlineData(SubmitStatus.Failed, false)]
    public async Task A_log_that_does_not_take_the_points_is_503(SubmitStatus status, bool overloaded)
    {
        await using var server = await IngestServer.StartAsync();
        server.Batcher.Status = status;
        using var response = await server.PostAsync("/write", Line);
        var problem = await IngestServer.ProblemAsync(response, HttpStatusCode.ServiceUnavailable);
        Assert.Equal(status == SubmitStatus.Failed, problem.GetProperty("detail").GetString()!.Contains("may have been counted", StringComparison.Ordinal));
        Assert.Equal((0, overloaded ? 1 : 0), (server.Statistics.Accepted, server.Statistics.Overloaded));
    }

    [Fact]
    public async Task A_batcher_that_throws_is_503_and_its_points_are_not_used_again()
    {
        await using var server = await IngestServer.StartAsync();
        server.Batcher.Error = new InvalidOperationException("broken");
        using (var response = await server.PostAsync("/write", Line))
        {
            await IngestServer.ProblemAsync(response, HttpStatusCode.ServiceUnavailable);
        }

        server.Batcher.Error = null;
        using var next = await server.PostAsync("/write", Line);
        Assert.Equal(HttpStatusCode.NoContent, next.StatusCode);
        Assert.Single(Assert.Single(server.Batcher.Submitted));
        Assert.Equal(0, server.Escaped);
    }

    [Fact]
    public async Task A_closed_gate_answers_503_on_every_route()
    {
        await using var server = await IngestServer.StartAsync();
        var gate = server.Services.GetRequiredService<IngestGate>();
        gate.Close();
        foreach (var path in new[] { "/write", "/api/v2/write", "/api/points" })
        {
            using var response = await server.PostAsync(path, Line);
            await IngestServer.ProblemAsync(response, HttpStatusCode.ServiceUnavailable);
        }

        Assert.Empty(server.Batcher.Submitted);
        gate.Open();
        using var taken = await server.PostAsync("/write", Line);
        Assert.Equal(HttpStatusCode.NoContent, taken.StatusCode);
    }

    [Fact]
    public async Task A_body_without_points_is_fine_and_submits_nothing()
    {
        await using var server = await IngestServer.StartAsync();
        using var lines = await server.PostAsync("/write", "# nothing\n\n");
        using var json = await server.PostAsync("/api/points", "[]");
        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NoContent), (lines.StatusCode, json.StatusCode));
        Assert.Empty(server.Batcher.Submitted);
    }

    [Fact]
    public async Task An_unknown_precision_is_400()
    {
        await using var server = await IngestServer.StartAsync();
        using var response = await server.PostAsync("/write?precision=d", Line);
        await IngestServer.ProblemAsync(response, HttpStatusCode.BadRequest);
        Assert.Empty(server.Batcher.Submitted);
    }

    [Fact]
    public async Task A_body_larger_than_Kestrels_own_limit_is_taken()
    {
        await using var server = await IngestServer.StartAsync();
        var body = new StringBuilder();
        for (var i = 0; body.Length < 31_000_000; i++)
        {
            body.Append("cpu,host=a,filler=").Append('x', 4000).Append(" value=").Append(i).Append('\n');
        }

        using var response = await server.PostAsync("/write", body.ToString());
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.True(server.Statistics.Accepted > 7000);
    }

    [Fact]
    public async Task Influx_clients_find_what_they_ask_for_first()
    {
        await using var server = await IngestServer.StartAsync();
        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Head })
        {
            using var ping = await server.Client.SendAsync(new HttpRequestMessage(method, "/ping"));
            Assert.Equal(HttpStatusCode.NoContent, ping.StatusCode);
            Assert.NotEmpty(ping.Headers.GetValues("X-Influxdb-Version"));
        }

        using var form = new FormUrlEncodedContent([KeyValuePair.Create("q", "CREATE DATABASE \"telegraf\"")]);
        using var created = await server.Client.PostAsync("/query", form);
        Assert.Equal("{\"results\":[{}]}", await created.Content.ReadAsStringAsync());
        using var inUrl = await server.Client.PostAsync("/query?q=create%20database%20x", null);
        Assert.Equal(HttpStatusCode.OK, inUrl.StatusCode);
        using var other = await server.Client.PostAsync("/query?q=SELECT%201", null);
        Assert.Equal(HttpStatusCode.BadRequest, other.StatusCode);
    }
}
