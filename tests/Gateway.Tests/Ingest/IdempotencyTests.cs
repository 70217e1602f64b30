using System.Net;
using System.Text;
using System.Text.Json;
using OrleansMetrics.Streams.Batching;

namespace OrleansMetrics.Gateway.Tests.Ingest;

public sealed class IdempotencyTests
{
    private const string Line = "cpu,host=a value=1 1700000000000000000\n";

    [Theory]
    [InlineData("/write", Line)]
    [InlineData("/api/v2/write", Line)]
    [InlineData("/api/points", """{"metric":"cpu","value":1}""")]
    public async Task A_repeat_is_answered_as_the_first_and_says_that_it_is_one(string path, string body)
    {
        await using var server = await IngestServer.StartAsync();
        using var first = await PostAsync(server, path, body, "key-1");
        using var second = await PostAsync(server, path, body, "key-1");
        using var other = await PostAsync(server, path, body, "key-2");

        Assert.Equal([204, 204, 204], new[] { first, second, other }.Select(response => (int)response.StatusCode));
        Assert.Equal([null, "true", null], new[] { first, second, other }.Select(Replayed));
        Assert.Equal((3, 2, 1), (server.Statistics.Received, server.Statistics.Accepted, server.Statistics.Repeated));
    }

    [Fact]
    public async Task A_repeat_with_rejected_lines_names_them_again()
    {
        await using var server = await IngestServer.StartAsync();
        using var first = await PostAsync(server, "/write", Line + "bad\n", "k");
        using var second = await PostAsync(server, "/write", Line + "bad\n", "k");

        var (one, other) = (await IngestServer.ProblemAsync(first, HttpStatusCode.BadRequest), await IngestServer.ProblemAsync(second, HttpStatusCode.BadRequest));
        Assert.True(JsonElement.DeepEquals(one, other), $"{one} {other}");
        Assert.Equal(1, other.GetProperty("accepted").GetInt64());
        Assert.Equal((null, "true"), (Replayed(first), Replayed(second)));
        Assert.Equal((4, 1, 1), (server.Statistics.Received, server.Statistics.Accepted, server.Statistics.Repeated));
    }

    [Fact]
    public async Task Without_a_key_nothing_is_a_repeat()
    {
        await using var server = await IngestServer.StartAsync();
        using var first = await PostAsync(server, "/write", Line);
        using var second = await PostAsync(server, "/write", Line);
        Assert.Equal([null, null], server.Batcher.Keys);
        Assert.Equal(2, server.Statistics.Accepted);
    }

    [Theory]
    [InlineData("8e03978e-40d5-43dd-bc93-6894a57f9324")]
    [InlineData("a\"b")]
    [InlineData("a,b;c=d")]
    [InlineData("\\")]
    [InlineData("~")]
    public async Task A_key_is_the_same_bare_and_quoted(string key)
    {
        await using var server = await IngestServer.StartAsync();
        var quoted = $"\"{key.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
        using var first = await PostAsync(server, "/write", Line, key);
        using var second = await PostAsync(server, "/write", Line, quoted);
        Assert.Equal((HttpStatusCode.NoContent, "true"), (second.StatusCode, Replayed(second)));
    }

    [Fact]
    public async Task The_longest_key_is_taken_bare_and_quoted()
    {
        await using var server = await IngestServer.StartAsync();
        using var bare = await PostAsync(server, "/write", Line, new string('x', 255));
        using var quoted = await PostAsync(server, "/write", Line, $"\"{new string('x', 255)}\"");
        Assert.Equal((HttpStatusCode.NoContent, "true"), (quoted.StatusCode, Replayed(quoted)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\"\"")]
    [InlineData("two words")]
    [InlineData("\"two words\"")]
    [InlineData("\"open")]
    [InlineData("\"")]
    [InlineData("\"a\"b")]
    [InlineData("\"a\";p=1")]
    [InlineData("\"a\\b\"")]
    [InlineData("\"a\\")]
    [InlineData("\"a\", \"b\"")]
    [InlineData("k\u00e9y")]
    [InlineData("\"k\u00e9y\"")]
    [InlineData("tab\there")]
    [InlineData(null)]
    public async Task A_key_that_is_none_is_400_and_nothing_is_taken(string? key)
    {
        await using var server = await IngestServer.StartAsync();
        foreach (var one in key is null ? new[] { new string('x', 256), $"\"{new string('x', 256)}\"" } : [key])
        {
            var answer = await server.SendRawAsync(
                Encoding.Latin1.GetBytes($"POST /write HTTP/1.1\r\nHost: x\r\nConnection: close\r\nIdempotency-Key: {one}\r\nContent-Length: {Line.Length}\r\n\r\n{Line}"),
                IngestServer.RawEnd.Wait);
            Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);

            // What is no UTF-8 is refused by Kestrel, before the endpoint.
            Assert.True(one.Contains('\u00e9', StringComparison.Ordinal) || answer.Contains("\"Invalid Idempotency-Key\"", StringComparison.Ordinal), answer);
        }

        Assert.Empty(server.Batcher.Submitted);
    }

    [Fact]
    public async Task Two_keys_are_400()
    {
        await using var server = await IngestServer.StartAsync();
        var answer = await server.SendRawAsync(
            Encoding.ASCII.GetBytes($"POST /write HTTP/1.1\r\nHost: x\r\nConnection: close\r\nIdempotency-Key: a\r\nIdempotency-Key: a\r\nContent-Length: {Line.Length}\r\n\r\n{Line}"),
            IngestServer.RawEnd.Wait);
        Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
        Assert.Contains("one header", answer, StringComparison.Ordinal);
        Assert.Empty(server.Batcher.Submitted);
    }

    [Fact]
    public async Task Senders_that_use_the_same_key_do_not_hide_each_others_points()
    {
        await using var server = await IngestServer.StartAsync();
        string[] paths = ["/write", "/write?precision=ms", "/write?precision=s", "/api/points"];
        foreach (var path in paths)
        {
            foreach (var body in new[] { "cpu value=1\n", "cpu value=1", "cpu value=2\n" })
            {
                using var response = await PostAsync(server, path, body, "same");
                Assert.Null(Replayed(response));
            }
        }

        // What JSON refuses whole is not submitted.
        Assert.Equal(9, server.Batcher.Keys.Distinct().Count());
        Assert.Equal(9, server.Batcher.Keys.Count);
        Assert.Equal(0, server.Statistics.Repeated);
    }

    [Fact]
    public async Task What_does_not_change_the_points_does_not_change_the_request()
    {
        await using var server = await IngestServer.StartAsync();
        using var plain = await PostAsync(server, "/write", Line, "k");
        using var other = await PostAsync(server, "/api/v2/write?precision=ns&bucket=b", Line, "k");
        foreach (var zlib in new[] { false, true })
        {
            using var content = new ByteArrayContent(IngestServer.Compress(Line, zlib));
            content.Headers.ContentEncoding.Add(zlib ? "deflate" : "gzip");
            using var compressed = await PostAsync(server, "/write?precision=n", content, "k");
            Assert.Equal((HttpStatusCode.NoContent, "true"), (compressed.StatusCode, Replayed(compressed)));
        }

        Assert.Equal("true", Replayed(other));
        Assert.Single(server.Batcher.Keys.Distinct());
    }

    [Fact]
    public async Task The_same_body_in_other_pieces_is_the_same_request()
    {
        await using var server = await IngestServer.StartAsync();
        var body = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"cpu,host=a value={i} 1700000000000000000\n"));
        using var whole = await PostAsync(server, "/write", body, "k");
        var pieces = new StringBuilder("POST /write HTTP/1.1\r\nHost: x\r\nConnection: close\r\nIdempotency-Key: k\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (var at = 0; at < body.Length; at += 777)
        {
            var piece = body[at..Math.Min(at + 777, body.Length)];
            pieces.Append($"{piece.Length:x}\r\n{piece}\r\n");
        }

        var answer = await server.SendRawAsync(Encoding.ASCII.GetBytes(pieces.Append("0\r\n\r\n").ToString()), IngestServer.RawEnd.Wait);
        Assert.StartsWith("HTTP/1.1 204", answer, StringComparison.Ordinal);
        Assert.Contains("Idempotent-Replayed: true", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("k", "with the same Idempotency-Key")]
    [InlineData(null, "can be repeated safely")]
    public async Task When_the_log_failed_the_sender_is_told_how_to_go_on(string? key, string advice)
    {
        await using var server = await IngestServer.StartAsync();
        server.Batcher.Status = SubmitStatus.Failed;
        using (var response = await PostAsync(server, "/write", Line, key))
        {
            var problem = await IngestServer.ProblemAsync(response, HttpStatusCode.ServiceUnavailable);
            Assert.Equal("Log failed", problem.GetProperty("title").GetString());
            Assert.Contains(advice, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }

        // A request's buffers are used again, its key is not.
        server.Batcher.Status = SubmitStatus.Appended;
        using var keyed = await PostAsync(server, "/write", Line, "k");
        using var unnamed = await PostAsync(server, "/write", Line);
        Assert.Null(server.Batcher.Keys.Last());
        Assert.Equal(2, server.Statistics.Accepted);
    }

    private static string? Replayed(HttpResponseMessage response) =>
        response.Headers.TryGetValues("Idempotent-Replayed", out var values) ? values.Single() : null;

    private static Task<HttpResponseMessage> PostAsync(IngestServer server, string path, string body, string? key = null) =>
        PostAsync(server, path, new StringContent(body), key);

    private static async Task<HttpResponseMessage> PostAsync(IngestServer server, string path, HttpContent content, string? key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        if (key is not null)
        {
            Assert.True(request.Headers.TryAddWithoutValidation("Idempotency-Key", key));
        }

        return await server.Client.SendAsync(request);
    }
}
