using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace OrleansMetrics.Faults.Load;

/// <summary>Sends requests to a node. Everything but 204, 503 and a connection that ends is a violation.</summary>
internal sealed class HttpRequestSender(Uri address, SentRequests requests) : IRequestSender, IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    private readonly HttpClient _http = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(5) }) { BaseAddress = address, Timeout = Timeout };

    /// <inheritdoc />
    public async Task<SendResult> SendAsync(SentRequest request)
    {
        using var content = new ByteArrayContent(RequestBody.Encode(request));
        content.Headers.ContentType = new MediaTypeHeaderValue(RequestBody.TypeOf(request));
        using var message = new HttpRequestMessage(HttpMethod.Post, RequestBody.PathOf(request)) { Content = content };
        if (request.Key is { } key)
        {
            message.Headers.Add("Idempotency-Key", $"\"{key}\"");
        }

        try
        {
            using var response = await _http.SendAsync(message);
            return response.StatusCode == HttpStatusCode.NoContent
                ? SendResult.Acknowledged
                : Judge(request, response.StatusCode, await response.Content.ReadAsStringAsync());
        }
        catch (HttpRequestException exception) when (exception.HttpRequestError == HttpRequestError.ConnectionError)
        {
            // Not even connected.
            return SendResult.NothingTaken;
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or SocketException)
        {
            // The client lets a socket's error through as it is when the connection goes in the moment it is made.
            return SendResult.Unknown;
        }
        catch (OperationCanceledException)
        {
            requests.Violations.Enqueue($"{request} was not answered within {Timeout}.");
            return SendResult.Unknown;
        }
    }

    /// <inheritdoc />
    public async Task<SendResult> SendAndHangUpAsync(SentRequest request, bool whole)
    {
        var body = RequestBody.Encode(request);
        var length = whole ? body.Length : body.Length / 2;
        var head = new StringBuilder()
            .Append(CultureInfo.InvariantCulture, $"POST {RequestBody.PathOf(request)} HTTP/1.1\r\nHost: {address.Authority}\r\n")
            .Append(CultureInfo.InvariantCulture, $"Content-Type: {RequestBody.TypeOf(request)}\r\nContent-Length: {body.Length}\r\n");
        if (request.Key is { } key)
        {
            head.Append(CultureInfo.InvariantCulture, $"Idempotency-Key: \"{key}\"\r\n");
        }

        try
        {
            using var connection = new TcpClient();
            await connection.ConnectAsync(IPAddress.Parse(address.Host), address.Port);
            var stream = connection.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes(head.Append("\r\n").ToString()));
            await stream.WriteAsync(body.AsMemory(0, length));
            await stream.FlushAsync();
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            // The node is gone, perhaps after it had the whole request.
        }

        return whole ? SendResult.Unknown : SendResult.NothingTaken;
    }

    public void Dispose() => _http.Dispose();

    private SendResult Judge(SentRequest request, HttpStatusCode status, string answer)
    {
        requests.WasRefused();
        switch (status == HttpStatusCode.ServiceUnavailable ? TitleOf(answer) : null)
        {
            case "Overloaded" or "Not taking points" or "Cluster unavailable":
                return SendResult.NothingTaken;
            case "Log failed":
                return SendResult.Unknown;
            default:
                requests.Violations.Enqueue($"{request} was answered {(int)status}: {answer}");
                return SendResult.Unknown;
        }
    }

    private static string? TitleOf(string answer)
    {
        try
        {
            return JsonDocument.Parse(answer).RootElement.GetProperty("title").GetString();
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }
}
