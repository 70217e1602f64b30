using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OrleansMetrics.Silo.Tests.Nodes;

namespace OrleansMetrics.Silo.Tests.Hosting;

public sealed class StandaloneNodeTests(SharedNode shared) : IClassFixture<SharedNode>
{
    private readonly TestNode _node = shared.Node;

    [Fact]
    public async Task A_posted_line_is_readable()
    {
        await _node.Client.WriteAsync("line_readable,host=a value=1");

        var series = (await _node.Client.ReadMetricAsync("line_readable")).List("series").Single();
        Assert.Equal("a", series.GetProperty("tags").GetProperty("host").GetString());
        Assert.Equal(1, series.GetProperty("total").Number("count"));
    }

    [Fact]
    public async Task Aggregates_have_the_exact_values_of_the_issue()
    {
        // Five points in one window: sum 1, least 0, greatest and last 0.5, median 0.2.
        var start = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds() / 600 * 600);
        double[] values = [0.1, 0.2, 0, 0.2, 0.5];
        await _node.Client.WriteAsync(
            string.Join('\n', values.Select((value, i) => string.Create(
                CultureInfo.InvariantCulture, $"cpu.usage,host=server-0 value={value} {start.AddSeconds(i).ToUnixTimeMilliseconds() + 500}"))),
            "?precision=ms");

        var metric = await _node.Client.ReadMetricAsync("cpu.usage");
        Assert.Equal(("cpu.usage", "gauge"), (metric.GetProperty("metric").GetString(), metric.GetProperty("kind").GetString()));
        var series = metric.List("series").Single();
        var total = series.GetProperty("total");
        Assert.Equal((5, 1.0, 0.0, 0.5), (total.Number("count"), Math.Round(total.Value("sum"), 12), total.Value("min"), total.Value("max")));
        var window = series.List("windows").Single();
        Assert.Equal((start, start.AddMinutes(10)), (window.GetProperty("start").GetDateTimeOffset(), window.GetProperty("end").GetDateTimeOffset()));
        Assert.False(window.GetProperty("final").GetBoolean());
        Assert.Equal((5, 1.0, 0.0, 0.5), (window.Number("count"), Math.Round(window.Value("sum"), 12), window.Value("min"), window.Value("max")));
        Assert.Equal((0.2, 0.5), (Math.Round(window.Value("mean"), 12), window.Value("last")));
        Assert.Equal(start.AddMilliseconds(4_500), window.GetProperty("lastUpdated").GetDateTimeOffset());
        Assert.Equal(
            [("0.5", 0.2), ("0.9", 0.5), ("0.99", 0.5)],
            window.GetProperty("quantiles").EnumerateObject().Select(static quantile => (quantile.Name, quantile.Value.GetDouble())));
    }

    [Theory]
    [InlineData("""{"metric":"json_one","value":2.5,"tags":{"host":"a"}}""", "json_one", 1, 2.5)]
    [InlineData("""[{"metric":"json_array","value":1},{"metric":"json_array","value":2}]""", "json_array", 2, 3)]
    [InlineData("{\"metric\":\"json_lines\",\"value\":1}\n{\"metric\":\"json_lines\",\"value\":2}\n{\"metric\":\"json_lines\",\"value\":3}\n", "json_lines", 3, 6)]
    public async Task Json_points_are_aggregated(string body, string metric, long count, double sum)
    {
        using var response = await _node.Client.PostAsync("/api/points", Encoding.UTF8.GetBytes(body), "application/json");

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        var total = (await _node.Client.ReadMetricAsync(metric)).List("series").Single().GetProperty("total");
        Assert.Equal((count, sum), (total.Number("count"), total.Value("sum")));
    }

    [Theory]
    [InlineData("/write")]
    [InlineData("/api/v2/write?org=o&bucket=b&precision=ns")]
    public async Task Compressed_line_protocol_is_aggregated(string path)
    {
        var metric = "gzip" + path.Length;
        var body = new MemoryStream();
        using (var gzip = new GZipStream(body, CompressionLevel.Fastest))
        {
            gzip.Write(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(1, 1_000).Select(i => $"{metric},host=h{i % 10} value={i}i,ok=true,note=\"x\"\r\n"))));
        }

        using var response = await _node.Client.PostAsync(path, body.ToArray(), encoding: "gzip");

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        var series = (await _node.Client.ReadMetricAsync(metric)).List("series").ToList();
        Assert.Equal((10, 500_500.0), (series.Count, series.Sum(static one => one.GetProperty("total").Value("sum"))));
        Assert.Equal(1_000, (await _node.Client.CountPointsAsync($"{metric}_ok"))[$"{metric}_ok"]);
    }

    [Fact]
    public async Task Bad_lines_are_named_and_the_others_counted()
    {
        using var response = await _node.Client.PostAsync("/write", "partly value=1\npartly value=NaN\nno fields\npartly value=2"u8.ToArray());

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var text = await response.Content.ReadAsStringAsync();
        Assert.Contains("no fields", text, StringComparison.Ordinal);
        Assert.Equal(3, (await _node.Client.ReadMetricAsync("partly")).List("series").Single().GetProperty("total").Value("sum"));
    }

    [Fact]
    public async Task Statistics_name_the_node_and_what_it_has_processed()
    {
        await _node.Client.WriteAsync("stats_points value=1\nstats_points value=2");

        var stats = await _node.Client.SettleAsync();

        Assert.Equal(stats.Number("accepted"), stats.Number("processed") + stats.GetProperty("dropped").EnumerateObject().Sum(static reason => reason.Value.GetInt64()));
        Assert.Equal(16, stats.GetProperty("partitions").GetArrayLength());
        var name = stats.List("nodes").Single().GetProperty("node").GetString()!;
        Assert.True(stats.List("partitions").Sum(partition =>
            partition.GetProperty("processedBy").TryGetProperty(name, out var points) ? points.GetInt64() : 0) >= 2, stats.ToString());
    }

    [Fact]
    public async Task It_is_alive_ready_and_answers_ping()
    {
        Assert.Equal(HttpStatusCode.OK, await _node.Client.StatusOfAsync("/health/live"));
        Assert.Equal(HttpStatusCode.OK, await _node.Client.StatusOfAsync("/health/ready"));
        Assert.Equal(HttpStatusCode.NoContent, await _node.Client.StatusOfAsync("/ping"));
        Assert.Equal(HttpStatusCode.OK, await _node.Client.StatusOfAsync("/"));
    }

    [Fact]
    public async Task Every_endpoint_is_documented()
    {
        // What only imitates InfluxDB is not offered to anybody, and the document does not describe itself.
        string[] undocumented = ["GET /openapi/{documentName}.json", "GET /ping", "HEAD /ping", "POST /query"];
        var mapped = _node.Services.GetServices<EndpointDataSource>().SelectMany(static source => source.Endpoints).OfType<RouteEndpoint>()
            .SelectMany(static endpoint => (endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"])
                .Select(method => $"{method} /{endpoint.RoutePattern.RawText!.Trim('/')}"))
            .Except(undocumented);

        var document = await _node.Client.GetAsync("/openapi/v1.json");

        Assert.Equal(
            mapped.Order(StringComparer.Ordinal),
            document.GetProperty("paths").EnumerateObject()
                .SelectMany(static path => path.Value.EnumerateObject().Select(operation => $"{operation.Name.ToUpperInvariant()} {path.Name}"))
                .Order(StringComparer.Ordinal));
        Assert.Contains("POST /api/points", mapped);
        Assert.Contains("POST /write", mapped);
        foreach (var path in new[] { "/api/points", "/write", "/api/v2/write" })
        {
            var operation = document.GetProperty("paths").GetProperty(path).GetProperty("post");
            var parameter = Assert.Single(operation.List("parameters"));
            Assert.Equal(("Idempotency-Key", "header"), (parameter.GetProperty("name").GetString(), parameter.GetProperty("in").GetString()));
            Assert.Contains("Idempotent-Replayed", operation.GetProperty("description").GetString(), StringComparison.Ordinal);
        }
    }
}
