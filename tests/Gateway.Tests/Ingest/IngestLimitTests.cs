using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OrleansMetrics.Gateway.Ingest;
using OrleansMetrics.Gateway.Tests.Protocols;
using OrleansMetrics.Streams.Batching;

namespace OrleansMetrics.Gateway.Tests.Ingest;

public sealed class IngestLimitTests
{
    private const string Line = "cpu,host=a value=1 1700000000000000000\n";

    [Theory]
    [InlineData("gzip", false)]
    [InlineData("x-gzip", false)]
    [InlineData("deflate", true)]
    public async Task A_compressed_body_is_read(string encoding, bool zlib)
    {
        await using var server = await IngestServer.StartAsync();
        var lines = string.Concat(Enumerable.Range(0, 5000).Select(i => $"cpu,host=h{i % 10} value={i}\n"));
        using var response = await server.PostAsync("/write", IngestServer.Compress(lines, zlib), encoding);
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal(
            Enumerable.Range(0, 5000).Select(i => ParsedBody.PointOf("cpu", [("host", $"h{i % 10}")], i, ParsedBody.ReceivedAt)),
            Assert.Single(server.Batcher.Submitted));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_compressed_body_that_is_cut_off_or_garbled_is_400_and_nothing_is_taken(bool zlib)
    {
        await using var server = await IngestServer.StartAsync();
        var whole = IngestServer.Compress(string.Concat(Enumerable.Repeat(Line, 50)), zlib);
        for (var length = 0; length < whole.Length; length++)
        {
            using var response = await server.PostAsync("/write", whole[..length], zlib ? "deflate" : "gzip");
            Assert.True(length == 0 || response.StatusCode == HttpStatusCode.BadRequest, $"{length}: {response.StatusCode}");
        }

        for (var i = 0; i < whole.Length; i++)
        {
            var garbled = whole.ToArray();
            garbled[i] ^= 0x55;
            using var response = await server.PostAsync("/write", garbled, zlib ? "deflate" : "gzip");
            Assert.True(response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.NoContent, $"{i}: {response.StatusCode}");
        }

        Assert.All(server.Batcher.Submitted, points => Assert.Equal(50, points.Count));
        Assert.Equal(0, server.Escaped);
    }

    [Theory]
    [InlineData("br")]
    [InlineData("zstd")]
    [InlineData("gzip, gzip")]
    public async Task Another_encoding_is_415(string encoding)
    {
        await using var server = await IngestServer.StartAsync();
        var content = new ByteArrayContent("x"u8.ToArray());
        content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
        using var response = await server.Client.PostAsync("/write", content);
        await IngestServer.ProblemAsync(response, HttpStatusCode.UnsupportedMediaType);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("", true)]
    [InlineData("gzip", false)]
    public async Task A_body_beyond_the_limit_is_413_and_nothing_is_taken(string encoding, bool chunked)
    {
        await using var server = await IngestServer.StartAsync(("Ingest:MaxBodyBytes", "100000"));
        var text = string.Concat(Enumerable.Repeat(Line, 3000));
        var content = new ByteArrayContent(encoding == "gzip" ? IngestServer.Compress(text) : Encoding.UTF8.GetBytes(text));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/write") { Content = content };
        if (encoding.Length > 0)
        {
            content.Headers.ContentEncoding.Add(encoding);
        }

        request.Headers.TransferEncodingChunked = chunked;
        using var response = await server.Client.SendAsync(request);
        await IngestServer.ProblemAsync(response, HttpStatusCode.RequestEntityTooLarge);
        Assert.Empty(server.Batcher.Submitted);
        Assert.Equal((0, 0), (server.Statistics.Received, server.Statistics.Accepted));
    }

    [Fact]
    public async Task Requests_beyond_the_budget_are_503_until_others_are_answered()
    {
        await using var server = await IngestServer.StartAsync(("Ingest:MaxBodyBytes", "100000"), ("Ingest:MaxInFlightBytes", "150000"));
        var budget = server.Services.GetRequiredService<InFlightBudget>();
        var body = string.Concat(Enumerable.Repeat(Line, 2400));
        server.Batcher.Hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = server.PostAsync("/write", body);
        while (server.Batcher.Submitted.IsEmpty)
        {
            await Task.Yield();
        }

        Assert.InRange(budget.Bytes, body.Length, 150_000);
        using (var refused = await server.PostAsync("/write", body))
        {
            await IngestServer.ProblemAsync(refused, HttpStatusCode.ServiceUnavailable);
        }

        Assert.Equal(1, server.Statistics.Overloaded);
        server.Batcher.Hold.SetResult();
        server.Batcher.Hold = null;
        using var answered = await first;
        using var again = await server.PostAsync("/write", body);
        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NoContent), (answered.StatusCode, again.StatusCode));
        Assert.Equal(4800, server.Statistics.Accepted);
    }

    [Fact]
    public async Task A_sender_that_takes_too_long_is_408()
    {
        await using var server = await IngestServer.StartAsync();
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.Port);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /write HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{Line}"));
        var budget = server.Services.GetRequiredService<InFlightBudget>();
        while (budget.Bytes == 0)
        {
            await Task.Yield();
        }

        server.Time.Advance(TimeSpan.FromMinutes(3));
        var answer = new byte[12];
        await stream.ReadExactlyAsync(answer);
        Assert.Equal("HTTP/1.1 408", Encoding.ASCII.GetString(answer));
        Assert.Empty(server.Batcher.Submitted);
    }

    [Fact]
    public void Every_wrong_option_is_named_at_once()
    {
        var services = new ServiceCollection().AddLogging();
        services.AddIngest(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Ingest:MaxBodyBytes"] = "0",
            ["Ingest:MaxLineBytes"] = "1",
            ["Ingest:MaxFutureTime"] = "-00:00:01",
            ["Ingest:MaxInFlightBytes"] = "-1",
            ["Ingest:MaxReadTime"] = "00:00:00",
        }).Build());
        using var provider = services.BuildServiceProvider();
        OptionsValidationException[] failures =
        [
            Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<IOptions<IngestOptions>>().Value),
            Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<IOptions<PointTimeOptions>>().Value),
        ];
        Assert.Equal(
            ["MaxBodyBytes", "MaxFutureTime", "MaxInFlightBytes", "MaxLineBytes", "MaxReadTime"],
            failures.SelectMany(failure => failure.Failures).Select(text => text.Split(' ')[0]["Ingest:".Length..]).Order());
    }
}
