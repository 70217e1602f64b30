using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using OrleansMetrics.Gateway.Ingest;
using OrleansMetrics.Gateway.Tests.Protocols;
using OrleansMetrics.Streams.Batching;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Gateway.Tests.Ingest;

/// <summary>The intake on a real Kestrel at a free port, over a batcher that records. Counts what escapes from endpoints.</summary>
internal sealed class IngestServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _escaped;

    private IngestServer(params (string Key, string Value)[] settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value)));
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<TimeProvider>(Time);
        builder.Services.AddSingleton<IPointLog, FakePointLog>();
        builder.Services.AddSingleton<FakeBatcher>();
        builder.Services.AddSingleton<IPointBatcher>(provider => provider.GetRequiredService<FakeBatcher>());
        builder.Services.AddIngest(builder.Configuration);
        _app = builder.Build();
        _app.Use(async (context, next) =>
        {
            try
            {
                await next(context);
            }
            catch
            {
                Interlocked.Increment(ref _escaped);
                throw;
            }
        });
        _app.MapIngest();
    }

    public HttpClient Client { get; } = new();

    public FakeTimeProvider Time { get; } = new(DateTimeOffset.FromUnixTimeMilliseconds(ParsedBody.ReceivedAt));

    public FakeBatcher Batcher => _app.Services.GetRequiredService<FakeBatcher>();

    public IngestStatistics Statistics => _app.Services.GetRequiredService<IngestStatistics>();

    public IServiceProvider Services => _app.Services;

    /// <summary>Exceptions that came out of an endpoint.</summary>
    public int Escaped => Volatile.Read(ref _escaped);

    public int Port => Client.BaseAddress!.Port;

    public static async Task<IngestServer> StartAsync(params (string Key, string Value)[] settings)
    {
        var server = new IngestServer(settings);
        await server._app.StartAsync();
        server.Client.BaseAddress = new Uri(server._app.Urls.First());
        return server;
    }

    public Task<HttpResponseMessage> PostAsync(string path, string body) => Client.PostAsync(path, new StringContent(body));

    public Task<HttpResponseMessage> PostAsync(string path, byte[] body, string encoding)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentEncoding.Add(encoding);
        return Client.PostAsync(path, content);
    }

    public static byte[] Compress(string text, bool zlib = false)
    {
        using var compressed = new MemoryStream();
        using (Stream stream = zlib ? new ZLibStream(compressed, CompressionLevel.Fastest) : new GZipStream(compressed, CompressionLevel.Fastest))
        {
            stream.Write(Encoding.UTF8.GetBytes(text));
        }

        return compressed.ToArray();
    }

    /// <summary>Writes raw bytes to a connection, ends it one way and reads what comes back until the server closes it.</summary>
    public async Task<string> SendRawAsync(byte[] request, RawEnd end)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, Port);
        await socket.SendAsync(request);
        if (end == RawEnd.Cut)
        {
            socket.Close(0);
            return "";
        }

        if (end == RawEnd.HalfClose)
        {
            socket.Shutdown(SocketShutdown.Send);
        }

        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var answer = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            while (await socket.ReceiveAsync(buffer, timeout.Token) is > 0 and var received)
            {
                answer.Append(Encoding.Latin1.GetString(buffer, 0, received));
            }
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            // The server may reset a connection whose request was broken.
        }

        return answer.ToString();
    }

    public static async Task<JsonElement> ProblemAsync(HttpResponseMessage response, HttpStatusCode status)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(status == response.StatusCode, $"{response.StatusCode}: {text}");
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = JsonDocument.Parse(text).RootElement;
        Assert.Equal((int)status, problem.GetProperty("status").GetInt32());
        Assert.NotEqual("", problem.GetProperty("title").GetString());
        if (status == HttpStatusCode.ServiceUnavailable)
        {
            Assert.Equal(TimeSpan.FromSeconds(1), response.Headers.RetryAfter?.Delta);
        }

        return problem;
    }

    /// <summary>What a client does after its last byte.</summary>
    public enum RawEnd
    {
        Wait,
        HalfClose,
        Cut,
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }
}
