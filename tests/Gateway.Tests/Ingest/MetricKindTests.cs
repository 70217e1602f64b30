using System.Net;
using Microsoft.Extensions.DependencyInjection;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Stats;
using OrleansMetrics.Gateway.Ingest;
using OrleansMetrics.Gateway.Tests.Stats;
using OrleansMetrics.Streams.Batching;

namespace OrleansMetrics.Gateway.Tests.Ingest;

public sealed class MetricKindTests
{
    [Fact]
    public async Task A_kind_that_there_is_not_is_refused_with_its_place_and_reason()
    {
        await using var server = await IngestServer.StartAsync();
        using var response = await server.PostAsync(
            "/api/points",
            """[{"metric":"a","value":1,"kind":"counter"},{"metric":"b","value":1,"kind":"histogram"},{"metric":"c","value":1,"kind":null},{"metric":"d","value":1,"kind":3}]""");
        var problem = await IngestServer.ProblemAsync(response, HttpStatusCode.BadRequest);
        Assert.Equal((2, 2), (problem.GetProperty("accepted").GetInt32(), problem.GetProperty("rejected").GetInt32()));
        var errors = problem.GetProperty("errors").EnumerateArray().ToList();
        Assert.Equal([(1, "invalid_kind"), (3, "invalid_kind")], errors.Select(static error => (error.GetProperty("index").GetInt32(), error.GetProperty("reason").GetString())));
        Assert.Equal("The kind is none of gauge, counter, cumulative_counter, distribution, set.", errors[0].GetProperty("message").GetString());
        Assert.Equal(2, server.Statistics.Rejected(RejectReason.InvalidKind));
    }

    [Fact]
    public async Task A_point_of_another_kind_is_refused_within_a_request_and_when_the_aggregators_have_told()
    {
        await using var server = await IngestServer.StartAsync();
        using (var response = await server.PostAsync("/api/points", """[{"metric":"a","value":1,"kind":"counter"},{"metric":"a","value":1},{"metric":"a","value":1,"kind":"gauge"}]"""))
        {
            var problem = await IngestServer.ProblemAsync(response, HttpStatusCode.BadRequest);
            var error = Assert.Single(problem.GetProperty("errors").EnumerateArray());
            Assert.Equal((2, "kind_conflict", "The metric is a counter."), (error.GetProperty("index").GetInt32(), error.GetProperty("reason").GetString(), error.GetProperty("message").GetString()));
        }

        Assert.Equal(HttpStatusCode.NoContent, await PostAsync(server, "/api/points", """{"metric":"b","value":1,"kind":"distribution"}"""));
        new DecidedKinds(server.Services.GetRequiredService<SeriesCache>(), server.Batcher).Update([Node(("b", "counter"), ("c", "gauge"), ("a", "of tomorrow"))]);
        Assert.Equal(HttpStatusCode.BadRequest, await PostAsync(server, "/api/points", """{"metric":"b","value":1,"kind":"distribution"}"""));
        Assert.Equal(HttpStatusCode.NoContent, await PostAsync(server, "/api/points", """{"metric":"b","value":1}"""));
        Assert.Equal(HttpStatusCode.NoContent, await PostAsync(server, "/write", "b value=1"));
        Assert.Equal(2, server.Statistics.Rejected(RejectReason.KindConflict));
    }

    [Fact]
    public async Task An_element_of_a_set_is_a_text_or_a_number_and_is_the_same_however_it_is_written()
    {
        await using var server = await IngestServer.StartAsync();
        using var response = await server.PostAsync(
            "/api/points",
            """
            [{"metric":"a","value":"ann","kind":"set"},{"value":"\u0061nn","metric":"a","kind":"set"},{"metric":"a","value":42},{"metric":"a","kind":"set","value":4.2e1},{"metric":"a","value":"42"},
             {"metric":"b","value":42},{"metric":"b","value":"ann"},{"metric":"b","value":42,"kind":"set"},{"metric":"c","value":"ann","kind":"gauge"},{"metric":"d","value":["ann"],"kind":"set"},{"metric":"e","value":"ann"}]
            """);
        var problem = await IngestServer.ProblemAsync(response, HttpStatusCode.BadRequest);
        Assert.Equal(
            [(6, "invalid_value"), (8, "invalid_value"), (9, "invalid_value"), (10, "invalid_value")],
            problem.GetProperty("errors").EnumerateArray().Select(static error => (error.GetProperty("index").GetInt32(), error.GetProperty("reason").GetString())));
        var hashes = server.Batcher.Submitted.Single().Select(static point => (point.Metric, (ulong)point.ValueBits));
        var (ann, number, text) = (SetElement.Of("ann"u8), SetElement.Of(42), SetElement.Of("42"u8));
        Assert.Equal([("a", ann), ("a", ann), ("a", number), ("a", number), ("a", text), ("b", number), ("b", number)], hashes);
    }

    [Fact]
    public async Task A_counter_takes_no_negative_value_by_any_protocol()
    {
        await using var server = await IngestServer.StartAsync();
        Assert.Equal(HttpStatusCode.NoContent, await PostAsync(server, "/write", "b value=-1\nc value=-1"));
        new DecidedKinds(server.Services.GetRequiredService<SeriesCache>(), server.Batcher).Update([Node(("b", "cumulative_counter"))]);
        using var response = await server.PostAsync("/write", "b value=-1\nc value=-1\nb value=2,other=-3\nb value=-4,other=1");
        var problem = await IngestServer.ProblemAsync(response, HttpStatusCode.BadRequest);
        Assert.Equal([(1, "negative_counter"), (4, "negative_counter")], problem.GetProperty("errors").EnumerateArray().Select(static error => (error.GetProperty("line").GetInt32(), error.GetProperty("reason").GetString())));
        Assert.Equal(4, problem.GetProperty("accepted").GetInt32());
        Assert.Equal(HttpStatusCode.BadRequest, await PostAsync(server, "/api/points", """{"metric":"new","value":-1,"kind":"counter"}"""));
        Assert.Equal(HttpStatusCode.NoContent, await PostAsync(server, "/api/points", """{"metric":"new","value":-1,"kind":"distribution"}"""));
    }

    private static async Task<HttpStatusCode> PostAsync(IngestServer server, string path, string body)
    {
        using var response = await server.PostAsync(path, body);
        return response.StatusCode;
    }

    private static NodeStats Node(params (string Metric, string Kind)[] kinds) =>
        ReportedNode.Named("n") with { KindConflicts = kinds.ToDictionary(static kind => kind.Metric, static kind => kind.Kind) };
}
