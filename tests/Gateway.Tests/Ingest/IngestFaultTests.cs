using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using OrleansMetrics.Gateway.Ingest;
using Xunit.Abstractions;

namespace OrleansMetrics.Gateway.Tests.Ingest;

public sealed class IngestFaultTests(ITestOutputHelper output)
{
    private const string Line = "cpu,host=a value=1 1700000000000000000\n";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_a_body_that_breaks_off_nothing_is_taken(bool halfClose)
    {
        await using var server = await IngestServer.StartAsync();
        var head = $"POST /write HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {Line.Length * 10}\r\n\r\n";
        var chunked = "POST /write HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n27\r\n";
        foreach (var start in new[] { head, chunked })
        {
            for (var sent = 1; sent < 5; sent++)
            {
                var answer = await server.SendRawAsync(Encoding.ASCII.GetBytes(start + string.Concat(Enumerable.Repeat(Line, sent))[..^1]), halfClose ? IngestServer.RawEnd.HalfClose : IngestServer.RawEnd.Cut);
                Assert.True(answer.Length == 0 || answer.StartsWith("HTTP/1.1 400", StringComparison.Ordinal), answer);
            }
        }

        // A request that comes after them is answered after they have been.
        using var last = await server.PostAsync("/write", "");
        await WaitForIdleAsync(server);
        Assert.Empty(server.Batcher.Submitted);
        Assert.Equal((0, 0, 0), (server.Statistics.Received, server.Statistics.Accepted, server.Escaped));
    }

    [Fact]
    public async Task A_chunked_body_framed_wrongly_is_400()
    {
        await using var server = await IngestServer.StartAsync();
        var answer = await server.SendRawAsync(
            Encoding.ASCII.GetBytes("POST /write HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + Line), IngestServer.RawEnd.Wait);
        Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
        Assert.Empty(server.Batcher.Submitted);
        Assert.Equal(0, server.Escaped);
    }

    [Fact]
    public async Task Nothing_that_is_posted_escapes_from_an_endpoint()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        string[] paths = ["/write", "/api/v2/write?precision=ms", "/api/points", "/write?precision=%00", "/query", "/query?q=%ff"];
        string[] encodings = ["", "", "", "gzip", "deflate", "br"];
        string[] tokens =
        [
            "cpu", ",host=a", " ", "value=1", "=", "\"", "\\", "\n", "\r\n", "#", "1e999", "NaN", "{", "}", "[", "]", ":", "\"metric\"", "\"value\"", "1,", "\u00e9", "\0", "t",
        ];
        await using var server = await IngestServer.StartAsync(("Ingest:MaxBodyBytes", "2000"));
        var answers = new Dictionary<int, int>();
        for (var i = 0; i < 1500; i++)
        {
            var body = new byte[random.Next(300)];
            random.NextBytes(body);
            var path = paths[random.Next(paths.Length)];
            if (random.Next(4) == 0)
            {
                var good = path == "/api/points" ? "{\"metric\":\"m\",\"value\":1}\n" : "cpu,host=a value=1,b=2i\n";
                body = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(good, random.Next(1, 120))));
            }
            else if (random.Next(3) > 0)
            {
                body = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, random.Next(800)).Select(_ => tokens[random.Next(tokens.Length)])));
            }

            var encoding = encodings[random.Next(encodings.Length)];
            if (encoding is "gzip" or "deflate" && random.Next(3) > 0)
            {
                body = IngestServer.Compress(Encoding.UTF8.GetString(body), encoding == "deflate");
                if (body.Length > 0 && random.Next(2) == 0)
                {
                    body[random.Next(body.Length)] ^= (byte)random.Next(256);
                }
            }

            var content = new ByteArrayContent(body);
            if (encoding.Length > 0)
            {
                content.Headers.ContentEncoding.Add(encoding);
            }

            if (random.Next(4) == 0)
            {
                content.Headers.TryAddWithoutValidation("Content-Type", random.Next(2) == 0 ? "application/x-www-form-urlencoded" : "multipart/form-data; boundary=x");
            }

            using var response = await server.Client.PostAsync(path, content);
            Assert.True((int)response.StatusCode is 200 or 204 or 400 or 413 or 415, $"seed {seed}, request {i}: {response.StatusCode}");
            answers[(int)response.StatusCode] = answers.GetValueOrDefault((int)response.StatusCode) + 1;
        }

        var statistics = server.Statistics;
        Assert.Equal(0, server.Escaped);
        Assert.Equal(statistics.Received, statistics.Accepted + statistics.Repeated + Enum.GetValues<Streams.Batching.RejectReason>().Sum(statistics.Rejected));
        Assert.True(statistics.Accepted > 50 && statistics.Received > 1000, $"{statistics.Accepted} {statistics.Received}");
        Assert.All([204, 400, 413, 415], status => Assert.True(answers.GetValueOrDefault(status) > 10, $"{status}: {answers.GetValueOrDefault(status)}"));
        Assert.Equal(0, server.Services.GetRequiredService<InFlightBudget>().Bytes);
    }

    [Fact]
    public async Task Every_instrument_tells_what_happened()
    {
        await using var server = await IngestServer.StartAsync();
        var sums = new Dictionary<string, double>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == GatewayInstruments.MeterName
                    && ReferenceEquals(instrument.Meter.Scope, server.Services.GetRequiredService<IMeterFactory>()))
                {
                    sums.TryAdd(instrument.Name, 0);
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => Add(instrument.Name, value));
        listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => Add(instrument.Name, value));
        listener.SetMeasurementEventCallback<double>((instrument, _, _, _) => Add(instrument.Name, 1));
        listener.Start();
        using var response = await server.PostAsync("/write", Line + "bad\nm s=\"x\"\n");
        await WaitForIdleAsync(server);
        listener.RecordObservableInstruments();
        Assert.Equal(
            new Dictionary<string, double>
            {
                ["orleansmetrics.ingest.points.received"] = 2,
                ["orleansmetrics.ingest.points.accepted"] = 1,
                ["orleansmetrics.ingest.points.repeated"] = 0,
                ["orleansmetrics.ingest.points.rejected"] = 1,
                ["orleansmetrics.ingest.fields.ignored"] = 1,
                ["orleansmetrics.ingest.requests.overloaded"] = 0,
                ["orleansmetrics.ingest.in_flight"] = 0,
                ["orleansmetrics.ingest.series_cache.series"] = 1,
                ["orleansmetrics.ingest.series_cache.metrics"] = 1,
                ["orleansmetrics.ingest.series_cache.restarts"] = 0,
                ["orleansmetrics.ingest.request.duration"] = 1,
            },
            sums.Where(sum => sum.Key != "orleansmetrics.ingest.series_cache.memory").ToDictionary());
        var documented = await File.ReadAllTextAsync(MetricsPage());
        Assert.All(sums.Keys, name => Assert.Contains($"`{name}`", documented, StringComparison.Ordinal));

        void Add(string name, double value)
        {
            lock (sums)
            {
                sums[name] = sums.GetValueOrDefault(name) + value;
            }
        }
    }

    private static string MetricsPage()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "OrleansMetrics.sln")))
        {
            folder = folder.Parent;
        }

        return Path.Combine(folder.FullName, "docs", "metrics.md");
    }

    private static async Task WaitForIdleAsync(IngestServer server)
    {
        var budget = server.Services.GetRequiredService<InFlightBudget>();
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (budget.Bytes > 0)
        {
            timeout.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
